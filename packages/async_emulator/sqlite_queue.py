"""The durable queue: one SQLite file that a `kill -9` at any instruction leaves whole.

A change is in the operating system's hands when the call returns, so it survives the death of this process;
a loss of power may take the last changes (`synchronous = NORMAL`: docs at sqlite.org/pragma.html).
The file is locked for as long as the queue is open.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from pydantic import TypeAdapter

from async_emulator.errors import DataDirInUse, DataDirUnusable, UnknownRequest
from async_emulator.lifecycle import Event
from async_emulator.queue import RETENTION, after
from async_emulator.request import AsyncRequest
from async_inference.wire import AsyncRequestError, InferenceRetryConfig, RequestStatus, WebhookStatus

_PRAGMAS = (
    "locking_mode = EXCLUSIVE",
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "secure_delete = ON",  # an erased input is overwritten, not only unlinked
    "journal_size_limit = 67108864",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ERRORS = TypeAdapter(tuple[AsyncRequestError, ...])


class SQLiteQueue:
    """The requests of one data directory. `now` is when it is opened: what was leased is released then.

    Raises DataDirInUse where another process has the queue open, DataDirUnusable where there cannot be one.
    """

    def __init__(self, data_dir: Path, now: datetime) -> None:
        self._sql = _statements()
        try:
            data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._connection = sqlite3.connect(data_dir / "queue.sqlite3", isolation_level=None, timeout=0)
        except (OSError, sqlite3.OperationalError) as error:
            raise DataDirUnusable(data_dir, error) from error
        self._connection.row_factory = sqlite3.Row
        self._counts: Counter[tuple[str, RequestStatus]] = Counter()
        try:
            for pragma in _PRAGMAS:
                self._connection.execute(f"PRAGMA {pragma}")
            with self._transaction():
                for name in self._sql:
                    if name.startswith("create_"):
                        self._connection.execute(self._sql[name])
        except sqlite3.DatabaseError as error:
            self._connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise DataDirInUse(data_dir) from error
            raise DataDirUnusable(data_dir, error) from error
        for row in self._connection.execute(self._sql["select_counts"]):
            self._counts[row["deployment_id"], RequestStatus(row["status"])] = row["number"]
        self._change_all("select_in_progress", Event.RELEASE, now)

    def enqueue(self, request: AsyncRequest) -> None:
        """Take in a request that is QUEUED."""
        with self._transaction():
            seq = self._connection.execute(self._sql["insert_request"], _to_row(request)).lastrowid
            self._connection.execute(
                self._sql["insert_input"], {"seq": seq, "model_input": request.model_input}
            )
        self._counts[request.deployment_id, request.status] += 1

    def lease(self, deployment_id: str, now: datetime) -> AsyncRequest | None:
        """Hand out the next request, by priority and then age."""
        if not self.count(deployment_id, RequestStatus.QUEUED):
            return None
        row = self._connection.execute(
            self._sql["select_next"], {"deployment_id": deployment_id, "now": _to_micros(now)}
        ).fetchone()
        return self._change(_from_row(row), Event.LEASE, now) if row else None

    def release(self, request_id: str, now: datetime) -> None:
        """Put a leased request back in its old place."""
        self._change(self.get(request_id), Event.RELEASE, now)

    def finish(
        self, request_id: str, event: Event, now: datetime, errors: Sequence[AsyncRequestError] = ()
    ) -> None:
        """End a leased request and erase its input."""
        self._change(self.get(request_id), event, now, errors)

    def cancel(self, request_id: str, now: datetime) -> None:
        """End a QUEUED request and erase its input."""
        self._change(self.get(request_id), Event.CANCEL, now)

    def expire_due(self, now: datetime) -> int:
        """End every QUEUED request whose time is over."""
        return self._change_all("select_due", Event.EXPIRE, now)

    def next_deadline(self) -> datetime | None:
        """When the next QUEUED request expires."""
        micros = self._connection.execute(self._sql["select_next_deadline"]).fetchone()["queue_deadline"]
        return None if micros is None else _from_micros(micros)

    def get(self, request_id: str) -> AsyncRequest:
        """The request as it stands, without its input."""
        row = self._connection.execute(self._sql["select_request"], {"request_id": request_id}).fetchone()
        if row is None:
            raise UnknownRequest(request_id)
        return _from_row(row)

    def count(self, deployment_id: str, status: RequestStatus) -> int:
        """How many of the deployment's requests have this status."""
        return self._counts[deployment_id, status]

    def forget_ended(self, now: datetime) -> None:
        """Drop the requests that ended more than RETENTION ago."""
        self._connection.execute(self._sql["delete_ended"], {"before": _to_micros(now - RETENTION)})

    def close(self) -> None:
        """Close the file; its lock is free."""
        self._connection.close()

    def _change_all(self, statement: str, event: Event, now: datetime) -> int:
        rows = self._connection.execute(self._sql[statement], {"now": _to_micros(now)}).fetchall()
        self._write([(request, after(request, event, now)) for request in map(_from_row, rows)])
        return len(rows)

    def _change(
        self,
        request: AsyncRequest,
        event: Event,
        now: datetime,
        errors: Sequence[AsyncRequestError] = (),
    ) -> AsyncRequest:
        changed = after(request, event, now, errors)
        self._write([(request, changed)])
        return changed

    def _write(self, changes: Sequence[tuple[AsyncRequest, AsyncRequest]]) -> None:
        with self._transaction():
            for _, changed in changes:
                row = _to_row(changed)
                self._connection.execute(self._sql["update_request"], row)
                if changed.status.is_terminal:
                    self._connection.execute(self._sql["delete_input"], row)
        for request, changed in changes:
            self._counts[request.deployment_id, request.status] -= 1
            self._counts[changed.deployment_id, changed.status] += 1

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _statements() -> dict[str, str]:
    text = files("async_emulator").joinpath("queue.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)[1:]
    return {name: sql.partition(";")[0].strip() for name, sql in zip(parts[::2], parts[1::2], strict=True)}


def _to_micros(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND


def _from_micros(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND


def _to_row(request: AsyncRequest) -> dict[str, object]:
    return {
        "request_id": request.request_id,
        "model_id": request.model_id,
        "deployment_id": request.deployment_id,
        "status": request.status.value,
        "webhook_status": request.webhook_status.value,
        "created_at": _to_micros(request.created_at),
        "status_at": _to_micros(request.status_at),
        "queue_deadline": _to_micros(request.queue_deadline),
        "max_time_in_queue_seconds": request.max_time_in_queue_seconds,
        "priority": request.priority,
        "webhook_endpoint": request.webhook_endpoint,
        "retry_config": request.retry_config.model_dump_json(),
        "errors": _ERRORS.dump_json(request.errors).decode() if request.errors else "[]",
    }


def _from_row(row: sqlite3.Row) -> AsyncRequest:
    errors = row["errors"]
    return AsyncRequest(
        request_id=row["request_id"],
        model_id=row["model_id"],
        deployment_id=row["deployment_id"],
        status=RequestStatus(row["status"]),
        webhook_status=WebhookStatus(row["webhook_status"]),
        created_at=_from_micros(row["created_at"]),
        status_at=_from_micros(row["status_at"]),
        queue_deadline=_from_micros(row["queue_deadline"]),
        max_time_in_queue_seconds=row["max_time_in_queue_seconds"],
        priority=row["priority"],
        model_input=row["model_input"],
        webhook_endpoint=row["webhook_endpoint"],
        retry_config=InferenceRetryConfig.model_validate_json(row["retry_config"]),
        errors=() if errors == "[]" else _ERRORS.validate_json(errors),
    )
