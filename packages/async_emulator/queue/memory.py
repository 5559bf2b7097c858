"""The queue that lasts as long as its process."""

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from async_emulator.errors import UnknownRequest
from async_emulator.queue.lifecycle import Event, after, attempted
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_queue import RETENTION, Committer, Watcher
from async_inference.codes import RequestStatus

if TYPE_CHECKING:
    from async_inference.wire import AsyncRequestError


class MemoryQueue:
    """The requests in a dict. See RequestQueue."""

    def __init__(self) -> None:
        self._committer: Committer | None = None
        self._watchers: list[Watcher] = []
        self._is_changed = False
        self._requests: dict[str, AsyncRequest] = {}
        self._age: dict[str, int] = {}
        self._ages = itertools.count()
        self._counts: Counter[tuple[str, RequestStatus]] = Counter()

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` at every change of a status from now on."""
        self._watchers.append(watcher)

    def commit_by(self, committer: Committer) -> None:
        """Call `committer` at the first change after each commit from now on."""
        self._committer = committer

    def enqueue(self, request: AsyncRequest) -> None:
        """Add a request that is QUEUED."""
        self._age[request.request_id] = next(self._ages)
        self._put(request)

    def lease(
        self, deployment_id: str, now: datetime, *, before_priority: int | None = None
    ) -> AsyncRequest | None:
        """Take the next request, by priority and then age."""
        queued = [
            request
            for request in self._requests.values()
            if request.status is RequestStatus.QUEUED
            and request.deployment_id == deployment_id
            and request.queue_deadline > now
            and (before_priority is None or request.priority < before_priority)
        ]
        if not queued:
            return None
        chosen = min(queued, key=lambda request: (request.priority, self._age[request.request_id]))
        return self._put(after(chosen, Event.LEASE, now))

    def release(self, request_id: str, now: datetime) -> None:
        """Return a leased request to its old place."""
        self._put(after(self._find(request_id), Event.RELEASE, now))

    def record_attempt(self, request_id: str, errors: Sequence["AsyncRequestError"] = ()) -> AsyncRequest:
        """Count an attempt at a leased request that has ended."""
        self._begin_change()
        self._requests[request_id] = changed = attempted(self._find(request_id), errors)
        return changed

    def finish(
        self, request_id: str, event: Event, now: datetime, errors: Sequence["AsyncRequestError"] = ()
    ) -> None:
        """End a leased request and erase its input."""
        self._put(after(self._find(request_id), event, now, errors))

    def cancel(self, request_id: str, now: datetime) -> None:
        """End a QUEUED request and erase its input."""
        self._put(after(self._find(request_id), Event.CANCEL, now))

    def expire_due(self, now: datetime) -> int:
        """End every QUEUED request whose deadline has passed."""
        due = [
            request
            for request in self._requests.values()
            if request.status is RequestStatus.QUEUED and request.queue_deadline <= now
        ]
        for request in due:
            self._put(after(request, Event.EXPIRE, now))
        return len(due)

    def next_deadline(self) -> datetime | None:
        """Return the earliest deadline of a QUEUED request."""
        queued = (r.queue_deadline for r in self._requests.values() if r.status is RequestStatus.QUEUED)
        return min(queued, default=None)

    def get(self, request_id: str) -> AsyncRequest:
        """Return the request without its input."""
        return self._find(request_id).changed(model_input=None)

    def count(self, deployment_id: str, status: RequestStatus) -> int:
        """Count the deployment's requests in this status."""
        return self._counts[deployment_id, status]

    @property
    def outstanding(self) -> int:
        """The number of requests that are QUEUED or IN_PROGRESS."""
        return sum(number for (_, status), number in self._counts.items() if not status.is_terminal)

    def forget_ended(self, now: datetime) -> None:
        """Delete the requests that ended more than RETENTION ago."""
        self._begin_change()
        for request in list(self._requests.values()):
            if request.status.is_terminal and request.status_at <= now - RETENTION:
                del self._requests[request.request_id], self._age[request.request_id]

    def newest(self, status: RequestStatus | None, limit: int) -> Sequence[AsyncRequest]:
        """Return the newest requests, in this status or in any, without their inputs."""
        newest = sorted(self._requests.values(), key=lambda each: -self._age[each.request_id])
        found = (each for each in newest if status in (None, each.status))
        return [each.changed(model_input=None) for each in itertools.islice(found, limit)]

    def clear(self) -> int:
        """Delete every request that is not IN_PROGRESS."""
        self._begin_change()
        gone = [each for each in self._requests.values() if each.status is not RequestStatus.IN_PROGRESS]
        for request in gone:
            self._counts[request.deployment_id, request.status] -= 1
            del self._requests[request.request_id], self._age[request.request_id]
        return len(gone)

    def recover(self, now: datetime) -> None:
        """Put every leased request back, as a durable queue does when it is next opened."""
        for request in list(self._requests.values()):
            if request.status is RequestStatus.IN_PROGRESS:
                self._put(after(request, Event.RECOVER, now))

    def scrub(self) -> None:
        """Nothing remains in memory of an input that is erased."""

    def check_writable(self) -> None:
        """It always is."""

    def commit(self) -> None:
        """Let the committer hear of the next change. The queue itself ends with the process."""
        self._is_changed = False

    def close(self) -> None:
        """There is nothing to release."""

    def _find(self, request_id: str) -> AsyncRequest:
        try:
            return self._requests[request_id]
        except KeyError:
            raise UnknownRequest(request_id) from None

    def _put(self, request: AsyncRequest) -> AsyncRequest:
        self._begin_change()
        before = self._requests.get(request.request_id)
        if before is not None:
            self._counts[before.deployment_id, before.status] -= 1
        self._counts[request.deployment_id, request.status] += 1
        self._requests[request.request_id] = request
        for watcher in self._watchers:
            watcher.status_changed(before, request)
        return request

    def _begin_change(self) -> None:
        if not self._is_changed:
            self._is_changed = True
            if self._committer is not None:
                self._committer.changes_began()
