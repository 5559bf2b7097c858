"""Where async requests wait: the boundary that every queue keeps."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from async_emulator.queue.lifecycle import Event
from async_emulator.queue.request import AsyncRequest
from async_inference.codes import RequestStatus

if TYPE_CHECKING:
    from async_inference.wire import AsyncRequestError

Watcher = Callable[[AsyncRequest | None, AsyncRequest], None]
"""Is told of a request before (None: there was none) and after a change of its status."""

RETENTION = timedelta(hours=1)
"""How long an ended request can still be read (docs.baseten.co/inference/async)."""


class RequestQueue(Protocol):
    """The requests of all deployments, in the order in which they are served.

    Guarantees: each call happens whole or not at all, and is seen by the next; what was changed before
    `commit` returns is durable to the extent of the implementation, what is changed after it is not yet;
    calls are made from one thread, and are short enough for an event loop. `on_change` is called when the
    first change after a commit has been made. Where a change or a commit fails, that commit raises, and all
    that it was to make durable is undone.
    Each of `watchers` is told of every change of a status, before it is committed.
    Every status comes from `lifecycle`. Raises UnknownRequest for an id it does not hold, and
    InvalidTransition where a request cannot take the event.
    """

    on_change: Callable[[], None]
    watchers: list[Watcher]

    def enqueue(self, request: AsyncRequest) -> None:
        """Take in a request that is QUEUED."""
        ...

    def lease(self, deployment_id: str, now: datetime) -> AsyncRequest | None:
        """Hand out the next request, by priority and then age: it is IN_PROGRESS, and nobody else's."""
        ...

    def release(self, request_id: str, now: datetime) -> None:
        """Put a leased request back in its old place, to expire when it would have expired there."""
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
        """End every QUEUED request whose time is over; returns how many."""
        ...

    def next_deadline(self) -> datetime | None:
        """When the next QUEUED request expires."""
        ...

    def get(self, request_id: str) -> AsyncRequest:
        """The request as it stands, without its input: that is for who leases it."""
        ...

    def count(self, deployment_id: str, status: RequestStatus) -> int:
        """How many of the deployment's requests have this status; only QUEUED and IN_PROGRESS are counted."""
        ...

    @property
    def outstanding(self) -> int:
        """How many requests are QUEUED or IN_PROGRESS, over all deployments."""
        ...

    def forget_ended(self, now: datetime) -> None:
        """Drop the requests that ended more than RETENTION ago."""
        ...

    def newest(self, status: RequestStatus | None, limit: int) -> Sequence[AsyncRequest]:
        """The newest requests, of this status or of any, without their inputs."""
        ...

    def clear(self) -> int:
        """Drop every request that is not IN_PROGRESS; returns how many."""
        ...

    def commit(self) -> None:
        """Make durable what was changed."""
        ...

    def close(self) -> None:
        """Commit, and let go of what is held. What was leased is QUEUED again at the next opening."""
        ...
