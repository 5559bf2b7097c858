"""Everything that watches what is served, or disturbs it on purpose: metrics, and with --control, faults."""

from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from async_emulator.api.routing import Target
from async_emulator.clock import Clock
from async_emulator.control.control import ControlParts
from async_emulator.deployments.controlled_deployment import ControlledDeployment
from async_emulator.metrics.instrumented import MeasuredModel, MeasuredPrediction
from async_emulator.metrics.metrics import CONTENT_TYPE, DeploymentMetrics, Metrics
from async_emulator.paths import PRODUCTION
from async_emulator.prediction.model import Model
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_queue import RequestQueue
from async_emulator.webhooks.delivery import Delivery
from async_inference.codes import RequestStatus


class Observation:
    """Watches `queue` from now on, and each deployment once it is measured."""

    def __init__(self, *, queue: RequestQueue, clock: Clock, control: ControlParts | None) -> None:
        self._queue = queue
        self._clock = clock
        self._control = control
        self._metrics = Metrics()
        self._deployments: dict[str, DeploymentMetrics] = {}
        queue.watch(self)

    def measure(self, target: Target, deployment: ControlledDeployment, model_name: str) -> None:
        """From now on export what happens to the deployment that answers for `target`, under this name."""
        self._deployments[target.deployment_id] = DeploymentMetrics(
            self._metrics,
            {
                "model_id": target.owner_id,
                "model_name": model_name,
                "deployment_id": target.deployment_id,
                "environment": min(target.environments or {PRODUCTION}),
                "rollout_phase": "stable",
            },
            queued=lambda: self._queue.count(target.deployment_id, RequestStatus.QUEUED),
            active_replicas=deployment.active_replicas,
            starting_replicas=deployment.starting_replicas,
        )

    def attach(self, target: Target) -> Target:
        """The target to serve in place of this one. Its deployment can predict once it is measured."""

        def predict(body: bytes, headers: Mapping[str, str], request_id: str) -> ASGIApp:
            prediction = target.predict(body, headers, request_id)
            metrics = self._deployments[target.deployment_id]
            return MeasuredPrediction(prediction, metrics, self._clock, len(body))

        return replace(target, predict=predict)

    def wrap_model(self, model: Model) -> Model:
        """The model of a replica, to go wrong as planned and to be measured."""
        disturbed = self._control.wrap_model(model) if self._control else model
        return MeasuredModel(disturbed, self._deployments, self._clock)

    def status_changed(self, before: AsyncRequest | None, after: AsyncRequest) -> None:
        """Measure how long a request was queued."""
        if before is None or after.status is not RequestStatus.IN_PROGRESS:
            return
        if (metrics := self._deployments.get(after.deployment_id)) is not None:
            metrics.left_queue((after.status_at - before.status_at).total_seconds())

    def delivered(self, delivery: Delivery) -> None:
        """An attempt at a delivery was made."""
        if (metrics := self._deployments.get(delivery.deployment_id)) is not None:
            metrics.delivered(delivery)

    async def page(self, _: Request) -> Response:
        """The metrics, in Prometheus's text format."""
        return Response(self._metrics.text(), media_type=CONTENT_TYPE)
