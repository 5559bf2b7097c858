"""The metrics of every deployment that is served, by its id."""

from collections.abc import Sequence

from async_emulator.deployments.served import Served
from async_emulator.metrics.metrics import DeploymentMetrics, Metrics
from async_emulator.queue.request_queue import RequestQueue


class MeasuredDeployments:
    """Makes a deployment's metrics once its name, which is one of their labels, is known."""

    def __init__(self, served: Sequence[Served], queue: RequestQueue) -> None:
        self._unnamed = {each.target.deployment_id: each for each in served}
        self._queue = queue
        self._metrics = Metrics()
        self._deployments: dict[str, DeploymentMetrics] = {}

    def get(self, deployment_id: str) -> DeploymentMetrics | None:
        """Return the deployment's metrics; None: its name is not known yet, or it is not served."""
        if (found := self._deployments.get(deployment_id)) is not None:
            return found
        served = self._unnamed.get(deployment_id)
        if served is None or (name := served.display_name) is None:
            return None
        made = DeploymentMetrics(self._metrics, served.target, name, self._queue)
        self._deployments[deployment_id] = made
        return made

    def text(self) -> bytes:
        """Return the metrics of all deployments in Prometheus's text format."""
        for deployment_id in self._unnamed:
            self.get(deployment_id)
        return self._metrics.text()
