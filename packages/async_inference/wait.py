"""Wait until the result of a request is in the store.

The store decides: a result that is there ends the wait, whatever the status is. The status only serves to end
the wait early if no result will come.
"""

import time
from collections.abc import Callable

from async_inference.client import AsyncInferenceClient
from async_inference.errors import (
    ApiError,
    ConnectionFailed,
    InferenceError,
    RequestFailed,
    ResultMissing,
    WaitTimeout,
)
from async_inference.wire import AsyncRequestStatus, RequestStatus
from truss_outputs.errors import ObjectNotFound, StoreError
from truss_outputs.results.document import StoredResult
from truss_outputs.results.reader import OutputReader

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
PAUSE_GROWTH = 1.5

# Long, because many callers may wait at once: the platform allows 20 status calls a second in total
# (docs.baseten.co, the status reference, "Rate limits").
STATUS_INTERVAL = 2.0

# How long a store may take to show an object after it has confirmed the write.
VISIBILITY_GRACE = 10.0

_SUCCESSES = (RequestStatus.SUCCEEDED, RequestStatus.WEBHOOK_FAILED)


def wait_for_result(
    request_id: str,
    *,
    reader: OutputReader,
    client: AsyncInferenceClient | None = None,
    timeout: float = 600.0,
    on_status: Callable[[AsyncRequestStatus], None] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> StoredResult:
    """Return the request's stored result as soon as it is there. `timeout` is in seconds.

    `on_status` is called with each status that the service answers.
    Raises `WaitTimeout` when the time is up. With a `client` it raises earlier: `RequestFailed` if the
    request ended without a result; `ResultMissing` if it succeeded but nothing was stored; `NotFound` if
    neither the service nor the store knows it; `Unauthorized`; and `ConnectionFailed` if the service never
    answered. A store, and a service that has answered once, may be unavailable for a while: the wait goes on.
    """
    watch = _StatusWatch(client, request_id, on_status)
    start = monotonic()
    status_due = start + FIRST_PAUSE
    pause = FIRST_PAUSE
    while True:
        if monotonic() >= status_due:
            watch.look(monotonic())
            status_due = monotonic() + STATUS_INTERVAL
        trouble: Exception | None = watch.problem
        try:  # after the status: a request that had ended by then has its result here by now
            return reader.load(request_id)
        except ObjectNotFound as missing:
            watch.raise_if_hopeless(missing.url, monotonic())
        except StoreError as error:
            if not error.is_transient:
                raise
            trouble = error
        remaining = start + timeout - monotonic()
        if remaining <= 0:
            raise WaitTimeout(request_id, timeout, watch.last_seen, trouble) from trouble
        sleep(min(pause, remaining))
        pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)


class _StatusWatch:
    """Reads one request's status, and decides whether a result can still come."""

    def __init__(
        self,
        client: AsyncInferenceClient | None,
        request_id: str,
        on_status: Callable[[AsyncRequestStatus], None] | None,
    ) -> None:
        self._status: AsyncRequestStatus | None = None
        self.problem: InferenceError | None = None
        self._client = client
        self._request_id = request_id
        self._on_status = on_status
        self._succeeded_at: float | None = None

    @property
    def last_seen(self) -> RequestStatus | None:
        """The last status that the service answered, or None."""
        return self._status.status if self._status else None

    def look(self, now: float) -> None:
        """Read the status, unless the request is already known to have succeeded."""
        if self._client is None or self._succeeded_at is not None:
            return
        try:
            self._status = self._client.status(self._request_id)
        except InferenceError as problem:
            self.problem = problem
            return
        self.problem = None
        if self._on_status:
            self._on_status(self._status)
        if self._status.status in _SUCCESSES:
            self._succeeded_at = now

    def raise_if_hopeless(self, url: str, now: float) -> None:
        """Raise if no result can come any more. Called when the store has no result at `url`."""
        if self.problem and not self._may_pass(self.problem):
            raise self.problem
        if self._succeeded_at is not None:
            if now - self._succeeded_at >= VISIBILITY_GRACE:
                raise ResultMissing(self._request_id, url)
        elif self._status and self._status.status.is_terminal:
            raise RequestFailed(self._status)

    def _may_pass(self, problem: InferenceError) -> bool:
        if isinstance(problem, ConnectionFailed):
            return self._status is not None
        return isinstance(problem, ApiError) and (problem.status_code == 429 or problem.status_code >= 500)
