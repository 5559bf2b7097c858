"""The boundary that every queue of async requests keeps, and what may observe one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from async_emulator.queue.lifecycle import Event
from async_emulator.queue.request import AsyncRequest
from async_inference.codes import RequestStatus

if TYPE_CHECKING:
    from async_inference.wire import AsyncRequestError

RETENTION = timedelta(hours=1)
"""How long an ended request can still be read (docs.baseten.co/inference/async)."""


class Watcher(Protocol):
    """Sees every change of a status."""

    def status_changed(self, before: AsyncRequest | None, after: AsyncRequest) -> None:
        """A request has been changed, or enqueued (`before` is None). The change is not committed yet."""
        ...


class Committer(Protocol):
    """Decides when changes are committed."""

    def changes_began(self) -> None:
        """The first change since the last commit has begun."""
        ...


class RequestQueue(Protocol):
    """The requests of all deployments, in the order in which they are served.

    Guarantees: each call takes effect completely or not at all, and the next call sees its effect. A change
    is durable, to the extent of the implementation, once a later `commit` returns. Where a change or a commit
    fails, that commit raises. Every enqueue and cancel that it was to make durable is undone; all else that
    has happened to requests still holds, and later commits try again to make it durable. Until one succeeds
    there are no leases, and `enqueue`, `lease`, `cancel`, `expire_due`, `forget_ended` and `clear` raise
    DataDirFailed. Calls are made from one thread, and are short enough for an event loop.

    Every status comes from `lifecycle`. Raises UnknownRequest for an id that the queue does not hold, and
    InvalidTransition for an event that is impossible in the request's status.
    """

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` at every change of a status from now on."""
        ...

    def commit_by(self, committer: Committer) -> None:
        """Call `committer` at the first change after each commit from now on. A queue has one committer."""
        ...

    def enqueue(self, request: AsyncRequest) -> None:
        """Add a request that is QUEUED."""
        ...

    def lease(
        self, deployment_id: str, now: datetime, *, before_priority: int | None = None
    ) -> AsyncRequest | None:
        """Take the next request, by priority and then age. It is IN_PROGRESS, and leased to nobody else.

        With `before_priority`, take only one that comes before every request of that priority.
        """
        ...

    def release(self, request_id: str, now: datetime) -> None:
        """Return a leased request to its old place. Its deadline stays the same."""
        ...

    def record_attempt(self, request_id: str, errors: Sequence["AsyncRequestError"] = ()) -> AsyncRequest:
        """Count an attempt at a leased request that has ended, and return the request as it is now.

        `errors` are given where no other attempt follows, and the end waits for the request's webhook. They
        keep a failed request from running again after a restart.
        """
        ...

    def finish(
        self, request_id: str, event: Event, now: datetime, errors: Sequence["AsyncRequestError"] = ()
    ) -> None:
        """End a leased request and erase its input."""
        ...

    def cancel(self, request_id: str, now: datetime) -> None:
        """End a QUEUED request and erase its input."""
        ...

    def expire_due(self, now: datetime) -> int:
        """End every QUEUED request whose deadline has passed; return how many there were."""
        ...

    def next_deadline(self) -> datetime | None:
        """Return the earliest deadline of a QUEUED request."""
        ...

    def get(self, request_id: str) -> AsyncRequest:
        """Return the request without its input, which only `lease` returns."""
        ...

    def count(self, deployment_id: str, status: RequestStatus) -> int:
        """Count the deployment's requests in this status, which must be QUEUED or IN_PROGRESS."""
        ...

    @property
    def outstanding(self) -> int:
        """The number of requests that are QUEUED or IN_PROGRESS, over all deployments."""
        ...

    def forget_ended(self, now: datetime) -> None:
        """Delete the requests that ended more than RETENTION ago."""
        ...

    def newest(self, status: RequestStatus | None, limit: int) -> Sequence[AsyncRequest]:
        """Return the newest requests, in this status or in any, without their inputs."""
        ...

    def clear(self) -> int:
        """Delete every request that is not IN_PROGRESS; return how many there were."""
        ...

    def scrub(self) -> None:
        """At the next commit, remove what remains of erased inputs wherever the queue is stored."""
        ...

    def check_writable(self) -> None:
        """Raise DataDirFailed where the last commit failed."""
        ...

    def commit(self) -> None:
        """Make every change so far durable."""
        ...

    def close(self) -> None:
        """Commit, and release the resources. Leased requests are QUEUED again at the next opening.

        Raises DataDirFailed where changes could not be made durable, and are lost.
        """
        ...
