"""The operations of the inference API as data, from which they are routed, limited and documented.

Success and error statuses: Baseten's OpenAPI inference spec (baseten-go, 2026-07-01). 403, 404 and 405
it leaves out; every operation may answer them for a wrong key, and for what is not there. 413 it declares for
`async_predict` alone; the docs' page on errors knows it for any body.
"""

from dataclasses import dataclass
from datetime import timedelta

from async_inference.codes import Kind

_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_EVERYWHERE = (401, 403, 404, 405)


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation of the API. `limit` names the setting that bounds how often it may be called."""

    name: str
    method: str
    summary: str
    success: int
    errors: tuple[int, ...]
    kinds: tuple[Kind, ...] = (Kind.MODEL, Kind.CHAIN)
    limit: str | None = None

    @property
    def statuses(self) -> tuple[int, ...]:
        """Every documented status, except those that come from the model itself."""
        return tuple(sorted({self.success, *self.errors, *_EVERYWHERE}))


PREDICT = Operation(
    name="predict",
    method="POST",
    summary="Call a model and wait for its output.",
    success=200,
    errors=(400, 413, 429, 500, 502, 503, 504),
    kinds=(Kind.MODEL,),
)
ASYNC_PREDICT = Operation(
    name="async_predict",
    method="POST",
    summary="Queue a request to a model.",
    success=201,
    errors=(400, 413, 429, 503),
    kinds=(Kind.MODEL,),
    limit="submits_per_minute",
)
RUN_REMOTE = Operation(
    name="run_remote",
    method="POST",
    summary="Call a chain and wait for its output.",
    success=200,
    errors=(400, 413, 429, 500, 502, 503, 504),
    kinds=(Kind.CHAIN,),
)
ASYNC_RUN_REMOTE = Operation(
    name="async_run_remote",
    method="POST",
    summary="Queue a request to a chain.",
    success=201,
    errors=(400, 413, 429, 503),
    kinds=(Kind.CHAIN,),
    limit="submits_per_minute",
)
WAKE = Operation(
    name="wake", method="POST", summary="Start a deployment that has no replica.", success=202, errors=()
)
QUEUE_STATUS = Operation(
    name="async_queue_status",
    method="GET",
    summary="Count the requests of a deployment that wait and that run.",
    success=200,
    errors=(429,),
    limit="queue_status_calls_per_second",
)
STATUS = Operation(
    name="async_request",
    method="GET",
    summary="Tell where a request stands, until an hour after its end.",
    success=200,
    errors=(429, 503),
    limit="status_calls_per_second",
)
CANCEL = Operation(
    name="async_request",
    method="DELETE",
    summary="Cancel a request that is still QUEUED.",
    success=200,
    errors=(429, 503),
    limit="cancels_per_second",
)

OF_A_TARGET = (PREDICT, ASYNC_PREDICT, RUN_REMOTE, ASYNC_RUN_REMOTE, WAKE, QUEUE_STATUS)
"""The operations at each of the target paths."""

OF_A_REQUEST = (STATUS, CANCEL)
"""The operations at /async_request/{request_id}."""

PERIODS = {
    "submits_per_minute": _MINUTE,
    "status_calls_per_second": _SECOND,
    "cancels_per_second": _SECOND,
    "queue_status_calls_per_second": _SECOND,
}
