"""The platform's metrics, under its own names and labels.

docs.baseten.co/observability/export-metrics/supported-metrics. Where that page leaves room: an async request
counts as an inference request once for each attempt that the model answers; `environment` is the one that
a deployment is served as.
"""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from async_emulator.deployments.target import Target
from async_emulator.paths import PRODUCTION
from async_emulator.queue.request_queue import RequestQueue
from async_emulator.webhooks.delivery import Delivery
from async_inference.codes import RequestStatus

CONTENT_TYPE = CONTENT_TYPE_LATEST

DEPLOYMENT_LABELS = ("model_id", "model_name", "deployment_id", "environment", "rollout_phase")
REQUEST_LABELS = (*DEPLOYMENT_LABELS, "status_code", "is_async")

_QUEUE_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 3_600, 21_600, 86_400, 259_200)
_RUN_SECONDS = (0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1_200, 3_600)
_BYTES = (256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 16_777_216, 100_000_000)

_SUFFIXES = ("", "_bucket", "_count", "_created", "_sum", "_total")


class Metrics:
    """The series of all deployments."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the platform exports no such series
        self.registry = CollectorRegistry()
        self.queue_size = self._gauge("async_queue_size", "Async requests that are QUEUED.")
        self.queue_seconds = self._histogram(
            "time_in_async_queue_seconds", "Time that async requests were QUEUED.", _QUEUE_SECONDS
        )
        self.webhook_requests = self._counter(
            "async_webhook_requests", "Requests to webhooks, each attempt.", DEPLOYMENT_LABELS
        )
        self.webhook_seconds = self._histogram(
            "async_webhook_latency_seconds", "Time that webhooks took to answer.", _RUN_SECONDS
        )
        self.requests = self._counter("inference_requests", "Calls of the model.", REQUEST_LABELS)
        self.response_seconds = self._histogram(
            "end_to_end_response_time_seconds", "Time that calls took.", _RUN_SECONDS, REQUEST_LABELS
        )
        self.first_byte_seconds = self._histogram(
            "time_to_first_byte_seconds", "Time until an answer began.", _RUN_SECONDS, REQUEST_LABELS
        )
        self.request_bytes = self._histogram("request_size_bytes", "Size of inputs.", _BYTES, REQUEST_LABELS)
        self.response_bytes = self._histogram(
            "response_size_bytes", "Size of outputs.", _BYTES, REQUEST_LABELS
        )
        self.concurrent_requests = self._gauge("concurrent_requests", "Sync calls that wait or run.")
        self.replicas_active = self._gauge("replicas_active", "Replicas that are ready.")
        self.replicas_starting = self._gauge("replicas_starting", "Replicas on their way.")

        self.names = frozenset(
            family.name + suffix for family in self.registry.collect() for suffix in _SUFFIXES
        )
        """Every name that these series have, or might have."""

    def text(self) -> bytes:
        """Return every series in Prometheus's text format."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, help: str) -> Gauge:
        return Gauge(f"baseten_{name}", help, DEPLOYMENT_LABELS, registry=self.registry)

    def _counter(self, name: str, help: str, labels: tuple[str, ...]) -> Counter:
        return Counter(f"baseten_{name}", help, labels, registry=self.registry)

    def _histogram(
        self,
        name: str,
        help: str,
        buckets: tuple[float, ...],
        labels: tuple[str, ...] = DEPLOYMENT_LABELS,
    ) -> Histogram:
        return Histogram(f"baseten_{name}", help, labels, buckets=buckets, registry=self.registry)


def deployment_labels(target: Target, display_name: str) -> dict[str, str]:
    """Return the labels of a deployment's metrics."""
    return {
        "model_id": target.owner_id,
        "model_name": display_name,
        "deployment_id": target.deployment_id,
        "environment": min(target.environments or {PRODUCTION}),
        "rollout_phase": "stable",
    }


class DeploymentMetrics:
    """The metrics of one deployment. Every series is made once, and then found without its labels."""

    def __init__(self, metrics: Metrics, target: Target, display_name: str, queue: RequestQueue) -> None:
        self._metrics = metrics
        self._labels = labels = deployment_labels(target, display_name)
        metrics.queue_size.labels(**labels).set_function(
            lambda: queue.count(target.deployment_id, RequestStatus.QUEUED)
        )
        metrics.replicas_active.labels(**labels).set_function(lambda: target.active_replicas)
        metrics.replicas_starting.labels(**labels).set_function(lambda: target.starting_replicas)
        self.concurrent_requests = metrics.concurrent_requests.labels(**labels)
        self._queue_seconds = metrics.queue_seconds.labels(**labels)
        self._webhook_requests = metrics.webhook_requests.labels(**labels)
        self._webhook_seconds = metrics.webhook_seconds.labels(**labels)
        self._calls: dict[tuple[int, bool], CallMetrics] = {}

    def left_queue(self, seconds: float) -> None:
        """Count a request that was QUEUED for so many seconds."""
        self._queue_seconds.observe(seconds)

    def delivered(self, delivery: Delivery) -> None:
        """Count an attempt at a delivery."""
        self._webhook_requests.inc()
        self._webhook_seconds.observe(delivery.seconds)

    def calls(self, status: int, *, is_async: bool) -> "CallMetrics":
        """Return the metrics of the calls that were answered with this HTTP status."""
        found = self._calls.get((status, is_async))
        if found is None:
            labels = {**self._labels, "status_code": str(status), "is_async": str(is_async).lower()}
            found = self._calls[status, is_async] = CallMetrics(self._metrics, labels)
        return found


class CallMetrics:
    """The metrics of one deployment's calls with one status, sync or async."""

    def __init__(self, metrics: Metrics, labels: Mapping[str, str]) -> None:
        self._number = metrics.requests.labels(**labels)
        self._seconds = metrics.response_seconds.labels(**labels)
        self._first_byte_seconds = metrics.first_byte_seconds.labels(**labels)
        self._request_bytes = metrics.request_bytes.labels(**labels)
        self._response_bytes = metrics.response_bytes.labels(**labels)

    def count(
        self,
        *,
        seconds: float,
        request_bytes: int,
        response_bytes: int | None,
        first_byte_seconds: float | None = None,
    ) -> None:
        """Count a call that was answered. None: not observed."""
        self._number.inc()
        self._seconds.observe(seconds)
        self._request_bytes.observe(request_bytes)
        if response_bytes is not None:
            self._response_bytes.observe(response_bytes)
        if first_byte_seconds is not None:
            self._first_byte_seconds.observe(first_byte_seconds)
