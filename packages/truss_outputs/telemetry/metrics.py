"""The results of this process in Prometheus's default registry, which a Truss server exports at /metrics."""

import functools
import logging
from typing import TYPE_CHECKING, TypeVar

from truss_outputs.telemetry.result_record import ResultOutcome, ResultRecord

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

    Metric = TypeVar("Metric", Counter, Histogram)

_log = logging.getLogger(__name__)

_BYTES = (1_024, 16_384, 262_144, 1_048_576, 16_777_216, 134_217_728, 1_073_741_824, 5_368_709_120)
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_TRIES = (1, 2, 3, 5, 10, 20)


class ResultMetrics:
    """Counts results by their outcome, with their bytes, seconds and tries. No label tells one request."""

    def __init__(self, registry: "CollectorRegistry") -> None:
        from prometheus_client import Counter, Histogram

        def registered(kind: "type[Metric]", name: str, help: str, **options: object) -> "Metric":
            return _registered(registry, kind, f"truss_outputs_{name}", help, **options)

        counter = registered(Counter, "results", "Attempts at storing a result.")
        size = registered(Histogram, "result_bytes", "Bytes that an attempt stored.", buckets=_BYTES)
        seconds = registered(Histogram, "store_seconds", "Time that storing took.", buckets=_SECONDS)
        tries = registered(
            Histogram, "store_tries", "1, and each request to the store that was sent again.", buckets=_TRIES
        )
        self._series = {
            outcome: (
                counter.labels(outcome=outcome.value),
                size.labels(outcome=outcome.value),
                seconds.labels(outcome=outcome.value),
                tries.labels(outcome=outcome.value),
            )
            for outcome in ResultOutcome
        }

    def count(self, record: ResultRecord) -> None:
        """Count the attempt."""
        counter, size, seconds, tries = self._series[record.outcome]
        counter.inc()
        size.observe(record.size)
        seconds.observe(record.seconds)
        tries.observe(record.tries)


@functools.cache
def result_metrics() -> ResultMetrics | None:
    """Return the metrics of this process, made on first use; None where there is no prometheus_client."""
    try:
        from prometheus_client import REGISTRY

        return ResultMetrics(REGISTRY)
    except ImportError:
        return None
    except Exception as error:  # such as a missing folder in the library's multiprocess mode
        _log.warning("no metrics of results: %s", error)
        return None


def _registered(
    registry: "CollectorRegistry", kind: "type[Metric]", name: str, help: str, **options: object
) -> "Metric":
    """Return the registry's metric of this name, which another copy of this package may have made."""
    try:
        return kind(name, help, ["outcome"], registry=registry, **options)  # type: ignore[arg-type]
    except ValueError:
        # prometheus_client has no other way to find a metric.
        found = registry._names_to_collectors.get(name)
        if isinstance(found, kind) and found._labelnames == ("outcome",):
            return found
        return kind(name, help, ["outcome"], registry=None, **options)  # type: ignore[arg-type]
