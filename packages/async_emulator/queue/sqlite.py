"""The durable queue: one SQLite file that a `kill -9` at any instruction leaves whole.

A commit hands the changes to the operating system, so they survive the death of this process; a loss of power
may undo the last commits (`synchronous = NORMAL`: sqlite.org/pragma.html). The file is locked for as long as
the queue is open.
"""

import contextlib
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from async_emulator.errors import DataDirInUse, DataDirTooNew, DataDirUnusable, UnknownRequest
from async_emulator.queue.lifecycle import Event, after
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_queue import RETENTION, Committer, Watcher
from async_emulator.queue.schema import migrate
from async_emulator.queue.sqlite_row import SQL_PARTS, from_micros, from_row, to_changes, to_micros, to_row
from async_inference.codes import RequestStatus

if TYPE_CHECKING:
    from async_inference.wire import AsyncRequestError

_PRAGMAS = (
    "page_size = 1024",  # rows are small, and a commit writes whole pages
    "locking_mode = EXCLUSIVE",
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "wal_autocheckpoint = 8000",  # every 8 MB: a checkpoint writes pages all over a deep queue
    "secure_delete = ON",  # an erased input is overwritten, not only unlinked
    "journal_size_limit = 67108864",
)

QUEUE_FILE = "queue.sqlite3"
_BESIDE = ("-wal", "-shm", "-journal")
"""The endings of the files that SQLite keeps beside its own, with the same rights (sqlite.org/tempfiles)."""


class SQLiteQueue:
    """The requests of one data directory. At `now`, the time of opening, leased requests are QUEUED again.

    Raises DataDirInUse where another process has the queue open, DataDirTooNew where a later version of this
    package wrote it, and DataDirUnusable where the directory cannot hold one.
    """

    def __init__(self, data_dir: Path, now: datetime) -> None:
        self._sql = _statements()
        try:
            data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            _keep_from_others(data_dir / QUEUE_FILE)
            self._connection = sqlite3.connect(data_dir / QUEUE_FILE, isolation_level=None, timeout=0)
        except (OSError, sqlite3.OperationalError) as error:
            raise DataDirUnusable(data_dir, error) from error
        self._failure: sqlite3.Error | None = None
        self._committer: Committer | None = None
        self._watchers: list[Watcher] = []
        try:
            for pragma in _PRAGMAS:
                self._connection.execute(f"PRAGMA {pragma}")
            migrate(self._connection, data_dir)
        except DataDirTooNew:
            self._connection.close()
            raise
        except sqlite3.DatabaseError as error:
            self._connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise DataDirInUse(data_dir) from error
            raise DataDirUnusable(data_dir, error) from error
        self._recount()
        self._change_all("select_in_progress", Event.RECOVER, now)
        self.commit()

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` at every change of a status from now on."""
        self._watchers.append(watcher)

    def commit_by(self, committer: Committer) -> None:
        """Call `committer` at the first change after each commit from now on."""
        self._committer = committer

    def enqueue(self, request: AsyncRequest) -> None:
        """Add a request that is QUEUED."""
        seq = self._execute("insert_request", to_row(request)).lastrowid
        self._execute("insert_input", {"seq": seq, "model_input": request.model_input})
        self._count(request, 1)
        self._tell(None, request)

    def lease(self, deployment_id: str, now: datetime) -> AsyncRequest | None:
        """Take the next request, by priority and then age."""
        if not self.count(deployment_id, RequestStatus.QUEUED):
            return None
        row = self._connection.execute(
            self._sql["select_next"], {"deployment_id": deployment_id, "now": to_micros(now)}
        ).fetchone()
        if row is None:
            return None
        leased = self._change(from_row(row), Event.LEASE, now)
        self._leased[leased.request_id] = leased
        return leased

    def release(self, request_id: str, now: datetime) -> None:
        """Return a leased request to its old place."""
        self._change(self.get(request_id), Event.RELEASE, now)

    def finish(
        self, request_id: str, event: Event, now: datetime, errors: Sequence["AsyncRequestError"] = ()
    ) -> None:
        """End a leased request and erase its input."""
        self._change(self._leased.get(request_id) or self.get(request_id), event, now, errors)

    def cancel(self, request_id: str, now: datetime) -> None:
        """End a QUEUED request and erase its input."""
        self._change(self.get(request_id), Event.CANCEL, now)

    def expire_due(self, now: datetime) -> int:
        """End every QUEUED request whose deadline has passed."""
        return self._change_all("select_due", Event.EXPIRE, now)

    def next_deadline(self) -> datetime | None:
        """Return the earliest deadline of a QUEUED request."""
        micros = self._connection.execute(self._sql["select_next_deadline"]).fetchone()[0]
        return None if micros is None else from_micros(micros)

    def get(self, request_id: str) -> AsyncRequest:
        """Return the request without its input."""
        if (leased := self._leased.get(request_id)) is not None:
            return leased.changed(model_input=None)
        row = self._connection.execute(self._sql["select_request"], {"request_id": request_id}).fetchone()
        if row is None:
            raise UnknownRequest(request_id)
        return from_row(row)

    def count(self, deployment_id: str, status: RequestStatus) -> int:
        """Count the deployment's requests in this status, QUEUED or IN_PROGRESS."""
        return self._counts[deployment_id, status]

    @property
    def outstanding(self) -> int:
        """The number of requests that are QUEUED or IN_PROGRESS."""
        return self._counts.total()

    def forget_ended(self, now: datetime) -> None:
        """Delete the requests that ended more than RETENTION ago."""
        self._execute("delete_ended", {"before": to_micros(now - RETENTION)})

    def newest(self, status: RequestStatus | None, limit: int) -> Sequence[AsyncRequest]:
        """Return the newest requests, in this status or in any, without their inputs."""
        values = {"status": status, "limit": limit}
        return [from_row(row) for row in self._connection.execute(self._sql["select_newest"], values)]

    def clear(self) -> int:
        """Delete every request that is not IN_PROGRESS."""
        number = self._execute("delete_all", {}).rowcount
        self._execute("delete_inputs", {})
        self._recount()
        return number

    def commit(self) -> None:
        """Hand every change to the operating system. Raises sqlite3.Error, for one where the disk is full."""
        failure, self._failure = self._failure, None
        try:
            if failure is None and self._connection.in_transaction:
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            failure = error
        if failure is not None:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._recount()
            raise failure

    def close(self) -> None:
        """Commit, and close the file, which frees its lock."""
        self.commit()
        self._connection.close()

    def _change_all(self, statement: str, event: Event, now: datetime) -> int:
        rows = self._connection.execute(self._sql[statement], {"now": to_micros(now)}).fetchall()
        for row in rows:
            self._change(from_row(row), event, now)
        return len(rows)

    def _change(
        self,
        request: AsyncRequest,
        event: Event,
        now: datetime,
        errors: Sequence["AsyncRequestError"] = (),
    ) -> AsyncRequest:
        """Change the request in one statement; a trigger (`erasure`) erases the input when it ends."""
        changed = after(request, event, now, errors)
        self._execute("update_request", to_changes(changed))
        self._leased.pop(request.request_id, None)
        self._count(request, -1)
        self._count(changed, 1)
        self._tell(request, changed)
        return changed

    def _tell(self, before: AsyncRequest | None, after: AsyncRequest) -> None:
        for watcher in self._watchers:
            watcher.status_changed(before, after)

    def _count(self, request: AsyncRequest, number: int) -> None:
        if not request.status.is_terminal:  # as in `select_counts`
            self._counts[request.deployment_id, request.status] += number

    def _execute(self, statement: str, values: Mapping[str, object] | Sequence[object]) -> sqlite3.Cursor:
        """Execute a change in the transaction that the next commit ends."""
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")
            if self._committer is not None:
                self._committer.changes_began()
        try:
            return self._connection.execute(self._sql[statement], values)
        except sqlite3.Error as error:
            self._failure = error  # SQLite may have undone the whole transaction: the commit must fail
            raise

    def _recount(self) -> None:
        """Rebuild counts and leases from the file."""
        self._leased: dict[str, AsyncRequest] = {}
        self._counts: Counter[tuple[str, RequestStatus]] = Counter()
        for deployment_id, status, number in self._connection.execute(self._sql["select_counts"]):
            self._counts[deployment_id, RequestStatus(status)] = number


def _keep_from_others(file: Path) -> None:
    """Let only its owner read the queue, whose inputs are the callers' own, whatever the folder allows."""
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    for path in (file, *(file.with_name(file.name + ending) for ending in _BESIDE)):
        with contextlib.suppress(FileNotFoundError):
            path.chmod(0o600)


def _statements() -> dict[str, str]:
    text = Path(__file__).with_name("queue.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)[1:]
    return {
        name: sql.strip().format_map(SQL_PARTS) for name, sql in zip(parts[::2], parts[1::2], strict=True)
    }
