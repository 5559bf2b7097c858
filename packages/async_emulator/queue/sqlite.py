"""The durable queue: one SQLite file that a `kill -9` at any instruction leaves whole.

While the disk fails (see `changes`) no request is started, as its end might be lost.
"""

import contextlib
import logging
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from async_emulator.errors import DataDirFailed, DataDirUnusable, UnknownRequest, UnreadableRequest
from async_emulator.queue.changes import Changes
from async_emulator.queue.lifecycle import Event, after, attempted
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_queue import RETENTION, Committer, Watcher
from async_emulator.queue.sqlite_row import from_micros, from_row, to_changes, to_micros, to_row
from async_inference.codes import RequestStatus

if TYPE_CHECKING:
    from async_inference.wire import AsyncRequestError


_log = logging.getLogger(__name__)


class SQLiteQueue:
    """The requests of one data directory. At `now`, the time of opening, leased requests are QUEUED again.

    A row that cannot be read is logged and set aside, for a person to look at.

    Raises DataDirInUse where another process has the queue open, DataDirTooNew where a later version of this
    package wrote it, and DataDirUnusable where the directory cannot hold one.
    """

    def __init__(self, data_dir: Path, now: datetime) -> None:
        self._watchers: list[Watcher] = []
        self._leased: dict[str, AsyncRequest] = {}
        self._counts: Counter[tuple[str, RequestStatus]] = Counter()
        self._changes = Changes(data_dir, self)
        try:
            self._recount()
            for row in self._changes.read("select_unknown_status"):
                self._read(row)
            self._change_all("select_in_progress", Event.RECOVER, now)
            self.commit()
        except DataDirFailed as error:
            with contextlib.suppress(DataDirFailed):
                self.close()
            raise DataDirUnusable(data_dir, error.reason) from error

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` at every change of a status from now on."""
        self._watchers.append(watcher)

    def commit_by(self, committer: Committer) -> None:
        """Call `committer` at the first change after each commit from now on."""
        self._changes.commit_by(committer)

    def enqueue(self, request: AsyncRequest) -> None:
        """Add a request that is QUEUED."""
        self.check_writable()
        seq = self._changes.make("insert_request", to_row(request)).lastrowid
        self._changes.make("insert_input", {"seq": seq, "model_input": request.model_input})
        self._count(request, 1)
        self._tell(None, request)

    def lease(
        self, deployment_id: str, now: datetime, *, before_priority: int | None = None
    ) -> AsyncRequest | None:
        """Take the next request, by priority and then age."""
        self.check_writable()
        while self.count(deployment_id, RequestStatus.QUEUED):
            values = (deployment_id, to_micros(now), before_priority)
            rows = self._changes.read("select_next", values)
            if not rows:
                return None
            request = self._read(rows[0])
            if request is not None and request.model_input is None:
                self._set_aside(UnreadableRequest(request.request_id, "model_input", "it is missing"))
            elif request is not None:
                return self._lease(request, now)
        return None

    def release(self, request_id: str, now: datetime) -> None:
        """Return a leased request to its old place."""
        self._change(self.get(request_id), Event.RELEASE, now)

    def record_attempt(self, request_id: str, errors: Sequence["AsyncRequestError"] = ()) -> AsyncRequest:
        """Count an attempt at a leased request that has ended."""
        changed = attempted(self._leased.get(request_id) or self.get(request_id), errors)
        if not self._changes.keep(changed):
            raise UnknownRequest(request_id)
        self._leased[request_id] = changed
        return changed

    def finish(
        self, request_id: str, event: Event, now: datetime, errors: Sequence["AsyncRequestError"] = ()
    ) -> None:
        """End a leased request and erase its input."""
        self._change(self._leased.get(request_id) or self.get(request_id), event, now, errors)

    def cancel(self, request_id: str, now: datetime) -> None:
        """End a QUEUED request and erase its input."""
        self.check_writable()
        self._change(self.get(request_id), Event.CANCEL, now)

    def expire_due(self, now: datetime) -> int:
        """End every QUEUED request whose deadline has passed."""
        self.check_writable()
        return self._change_all("select_due", Event.EXPIRE, now)

    def next_deadline(self) -> datetime | None:
        """Return the earliest deadline of a QUEUED request."""
        [(micros,)] = self._changes.read("select_next_deadline")
        return None if micros is None else from_micros(micros)

    def get(self, request_id: str) -> AsyncRequest:
        """Return the request without its input. Raises UnreadableRequest."""
        if (leased := self._leased.get(request_id)) is not None:
            return leased.changed(model_input=None)
        rows = self._changes.read("select_request", {"request_id": request_id})
        if not rows:
            raise UnknownRequest(request_id)
        return from_row(rows[0])

    def count(self, deployment_id: str, status: RequestStatus) -> int:
        """Count the deployment's requests in this status, QUEUED or IN_PROGRESS."""
        return self._counts[deployment_id, status]

    @property
    def outstanding(self) -> int:
        """The number of requests that are QUEUED or IN_PROGRESS."""
        return self._counts.total()

    def forget_ended(self, now: datetime) -> None:
        """Delete the requests that ended more than RETENTION ago."""
        self.check_writable()
        self._changes.make("delete_ended", {"before": to_micros(now - RETENTION)})

    def newest(self, status: RequestStatus | None, limit: int) -> Sequence[AsyncRequest]:
        """Return the newest requests, in this status or in any, without their inputs."""
        rows = self._changes.read("select_newest", {"status": status, "limit": limit})
        return [request for row in rows if (request := self._read(row)) is not None]

    def clear(self) -> int:
        """Delete every request that is not IN_PROGRESS."""
        self.check_writable()
        number = self._changes.make("delete_all").rowcount
        self._changes.make("delete_inputs")
        self._recount()
        return number

    def scrub(self) -> None:
        """At the next commit, remove from the disk what remains of erased inputs."""
        self._changes.scrub()

    def check_writable(self) -> None:
        """Raise DataDirFailed where the last commit failed."""
        self._changes.check_writable()

    def commit(self) -> None:
        """Hand every change to the operating system. Raises DataDirFailed, for one where the disk is full."""
        self._changes.commit()

    def close(self) -> None:
        """Commit, and close the file, which frees its lock. Raises DataDirFailed where changes are lost."""
        self._changes.close()

    def _change_all(self, statement: str, event: Event, now: datetime) -> int:
        rows = self._changes.read(statement, {"now": to_micros(now)})
        requests = [request for row in rows if (request := self._read(row)) is not None]
        for request in requests:
            self._change(request, event, now)
        return len(requests)

    def _lease(self, request: AsyncRequest, now: datetime) -> AsyncRequest | None:
        leased = after(request, Event.LEASE, now)
        self._move(request, leased)
        if not self._changes.keep(leased):
            return None
        self._leased[leased.request_id] = leased
        self._tell(request, leased)
        return leased

    def _change(
        self,
        request: AsyncRequest,
        event: Event,
        now: datetime,
        errors: Sequence["AsyncRequestError"] = (),
    ) -> None:
        """Change the request in one statement; a trigger (`erasure`) erases the input when it ends."""
        changed = after(request, event, now, errors)
        self._leased.pop(request.request_id, None)
        self._move(request, changed)
        if event is Event.CANCEL:
            self._changes.make("update_request", to_changes(changed))
        else:
            self._changes.keep(changed)
        self._tell(request, changed)

    def _move(self, before: AsyncRequest, after: AsyncRequest) -> None:
        self._count(before, -1)
        self._count(after, 1)

    def _tell(self, before: AsyncRequest | None, after: AsyncRequest) -> None:
        for watcher in self._watchers:
            watcher.status_changed(before, after)

    def _count(self, request: AsyncRequest, number: int) -> None:
        if not request.status.is_terminal:  # as in `select_counts`
            self._counts[request.deployment_id, request.status] += number

    def restored(self, undone: Collection[str]) -> None:
        """See RestorationWatcher."""
        for request_id in undone:
            self._leased.pop(request_id, None)
        self._recount()

    def _recount(self) -> None:
        """Rebuild the counts from the file."""
        self._counts.clear()
        for deployment_id, status, number in self._changes.read("select_counts"):
            self._counts[deployment_id, RequestStatus(status)] = number

    def _read(self, row: Sequence[Any]) -> AsyncRequest | None:
        """Return the request that the row describes; where none can be read from it, set the row aside."""
        try:
            return from_row(row)
        except UnreadableRequest as error:
            self._set_aside(error)
            return None

    def _set_aside(self, error: UnreadableRequest) -> None:
        _log.error("%s; it is set aside: it neither runs nor expires", error)
        self._changes.make("set_aside", {"request_id": error.request_id})
        self._recount()
