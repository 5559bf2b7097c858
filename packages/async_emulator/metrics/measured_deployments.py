"""The metrics of every deployment that is served, by its id."""

from collections.abc import Iterator, Sequence

from async_emulator.deployments.served import Served
from async_emulator.metrics.metrics import DeploymentMetrics, Metrics, deployment_labels
from async_emulator.metrics.replica_metrics import MeasuredReplica, replica_metrics
from async_emulator.queue.request_queue import RequestQueue


class MeasuredDeployments:
    """Makes a deployment's metrics once its name, which is one of their labels, is known."""

    def __init__(self, served: Sequence[Served], queue: RequestQueue) -> None:
        self._served = {each.target.deployment_id: each for each in served}
        self._queue = queue
        self._metrics = Metrics()
        self._deployments: dict[str, DeploymentMetrics] = {}

    def get(self, deployment_id: str) -> DeploymentMetrics | None:
        """Return the deployment's metrics; None: its name is not known yet, or it is not served."""
        if (found := self._deployments.get(deployment_id)) is not None:
            return found
        served = self._served.get(deployment_id)
        if served is None or (name := served.display_name) is None:
            return None
        made = DeploymentMetrics(self._metrics, served.target, name, self._queue)
        self._deployments[deployment_id] = made
        return made

    async def text(self) -> bytes:
        """Return the metrics of all deployments, and their replicas' own, in Prometheus's text format."""
        for deployment_id in self._served:
            self.get(deployment_id)
        replicas = list(self._replicas())
        return self._metrics.text() + await replica_metrics(replicas, self._metrics.names)

    def _replicas(self) -> Iterator[MeasuredReplica]:
        for served in self._served.values():
            labels = deployment_labels(served.target, served.display_name or "")
            for deployment in served.deployments:
                chainlet = {"chainlet": deployment.chainlet} if deployment.chainlet else {}
                for each in deployment.capacity.replicas:
                    yield MeasuredReplica(
                        model=each.model, labels={**labels, **chainlet, "replica": each.name}
                    )
