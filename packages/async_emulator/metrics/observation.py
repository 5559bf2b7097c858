"""Metrics of what happens to requests: in the queue, and at their webhooks."""

from starlette.requests import Request
from starlette.responses import Response

from async_emulator.metrics.measured_deployments import MeasuredDeployments
from async_emulator.metrics.metrics import CONTENT_TYPE
from async_emulator.queue.request import AsyncRequest
from async_emulator.webhooks.delivery import Delivery
from async_inference.codes import RequestStatus


class Observation:
    """Watches a queue and the deliveries to webhooks, and exports all metrics."""

    def __init__(self, deployments: MeasuredDeployments) -> None:
        self._deployments = deployments

    def status_changed(self, before: AsyncRequest | None, after: AsyncRequest) -> None:
        """Measure how long a request that starts was QUEUED."""
        if before is None or after.status is not RequestStatus.IN_PROGRESS:
            return
        if (metrics := self._deployments.get(after.deployment_id)) is not None:
            metrics.left_queue((after.status_at - before.status_at).total_seconds())

    def delivered(self, delivery: Delivery) -> None:
        """Count an attempt at a delivery."""
        if (metrics := self._deployments.get(delivery.deployment_id)) is not None:
            metrics.delivered(delivery)

    async def page(self, _: Request) -> Response:
        """Return the metrics in Prometheus's text format."""
        return Response(await self._deployments.text(), media_type=CONTENT_TYPE)
