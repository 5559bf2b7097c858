"""A queue file of an older version opens, and its requests run; one of a later version is refused."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from async_emulator.errors import DataDirTooNew, InvalidTransition
from async_emulator.queue.lifecycle import Event
from async_emulator.queue.schema import VERSION, migrate
from async_emulator.queue.sqlite import SQLiteQueue
from async_inference.codes import Kind
from async_inference.wire import RequestStatus
from tests.queued_request import HERE, START, request

# The statements of the released versions, to the letter: they never change.
_VERSION_1 = """
CREATE TABLE IF NOT EXISTS requests (
  seq INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL UNIQUE,
  model_id TEXT NOT NULL,
  deployment_id TEXT NOT NULL,
  status TEXT NOT NULL,
  webhook_status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  status_at INTEGER NOT NULL,
  queue_deadline INTEGER NOT NULL,
  max_time_in_queue_seconds INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  webhook_endpoint TEXT,
  max_attempts INTEGER NOT NULL,
  initial_delay_ms INTEGER NOT NULL,
  max_delay_ms INTEGER NOT NULL,
  errors TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS inputs (
  seq INTEGER PRIMARY KEY,
  model_input BLOB NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS erasure AFTER UPDATE OF status ON requests
WHEN NEW.status NOT IN ('QUEUED', 'IN_PROGRESS') BEGIN DELETE FROM inputs WHERE seq = NEW.seq; END;
CREATE INDEX IF NOT EXISTS queued ON requests (deployment_id, priority, seq) WHERE status = 'QUEUED';
CREATE INDEX IF NOT EXISTS deadlines ON requests (queue_deadline) WHERE status = 'QUEUED';
CREATE INDEX IF NOT EXISTS ended ON requests (status_at) WHERE status NOT IN ('QUEUED', 'IN_PROGRESS');
"""
_VERSION_2 = _VERSION_1.replace(
    "  errors TEXT NOT NULL\n", "  errors TEXT NOT NULL,\n  kind TEXT NOT NULL DEFAULT 'model'\n"
)
_ROWS = """
INSERT INTO requests VALUES
  (1, 'ended', 'model', 'deployment', 'FAILED', 'NO_WEBHOOK_PROVIDED', 1767225600000000, 1767225600000000,
   1767226200000000, 600, 0, NULL, 2, 1000, 5000,
   '[{{"code": "MODEL_PREDICT_ERROR", "message": "no"}}]'{kind}),
  (2, 'running', 'model', 'deployment', 'IN_PROGRESS', 'PENDING', 1767225600000000, 1767225600000000,
   1767226200000000, 600, 1, 'https://example.com/hook', 2, 1000, 5000, '[]'{kind}),
  (3, 'waiting', 'model', 'deployment', 'QUEUED', 'NO_WEBHOOK_PROVIDED', 1767225600000000, 1767225600000000,
   1767226200000000, 600, 0, NULL, 2, 1000, 5000, '[]'{kind});
INSERT INTO inputs VALUES (2, CAST('{{"n": 2}}' AS BLOB)), (3, CAST('{{"n": 3}}' AS BLOB));
"""
WRITTEN = {
    "before chains": _VERSION_1 + _ROWS.format(kind=""),
    "version 2": _VERSION_2 + _ROWS.format(kind=", 'chain'") + "PRAGMA user_version = 2;",
    "before migrations": _VERSION_2 + _ROWS.format(kind=", 'chain'"),
}


def write(data_dir: Path, script: str) -> None:
    """Write a queue file as an older version leaves it."""
    connection = sqlite3.connect(data_dir / "queue.sqlite3")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(script)
    connection.close()


def version_of(data_dir: Path) -> int:
    connection = sqlite3.connect(data_dir / "queue.sqlite3")
    [version] = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(version)


@pytest.mark.parametrize("written", WRITTEN)
def test_a_file_of_an_older_version_keeps_its_requests_and_runs_them(tmp_path, written):
    write(tmp_path, WRITTEN[written])
    kind = Kind.MODEL if written == "before chains" else Kind.CHAIN
    SQLiteQueue(tmp_path, START).close()
    assert version_of(tmp_path) == VERSION
    queue = SQLiteQueue(tmp_path, START)  # and now there is nothing to migrate
    ended = queue.get("ended")
    assert (ended.status, ended.kind) == (RequestStatus.FAILED, kind)
    assert [error.message for error in ended.errors] == ["no"]
    assert queue.count(HERE, RequestStatus.QUEUED) == 2
    for request_id, number in (("waiting", 3), ("running", 2)):
        leased = queue.lease(HERE, START)
        assert leased is not None
        assert (leased.request_id, leased.model_input) == (request_id, b'{"n": %d}' % number)
        assert (leased.kind, leased.retry_config.max_attempts) == (kind, 2)
        queue.finish(request_id, Event.SUCCEED, START)
    assert queue.outstanding == 0
    with pytest.raises(InvalidTransition):
        queue.finish("ended", Event.SUCCEED, START)
    queue.enqueue(request("new"))
    assert queue.lease(HERE, START).request_id == "new"  # type: ignore[union-attr]
    queue.close()
    assert b'"n": ' not in (tmp_path / "queue.sqlite3").read_bytes()


def test_a_file_of_a_later_version_is_refused_and_left_alone(tmp_path):
    SQLiteQueue(tmp_path, START).close()
    write(tmp_path, f"PRAGMA user_version = {VERSION + 1};")
    with pytest.raises(
        DataDirTooNew, match=f"{tmp_path} holds a queue of version {VERSION + 1}, .* {VERSION}:"
    ):
        SQLiteQueue(tmp_path, START)
    assert version_of(tmp_path) == VERSION + 1


@pytest.mark.parametrize("written", ["", *WRITTEN.values()], ids=["nothing", *WRITTEN])
def test_a_kill_at_any_step_of_a_migration_leaves_a_file_that_opens(tmp_path, written):
    (tmp_path / "live").mkdir()
    write(tmp_path / "live", written)
    left: list[Path] = []

    def copy(statement: str) -> None:
        left.append(tmp_path / str(len(left)))
        shutil.copytree(tmp_path / "live", left[-1])

    connection = sqlite3.connect(tmp_path / "live" / "queue.sqlite3", isolation_level=None)
    connection.set_trace_callback(copy)
    migrate(connection, tmp_path)
    connection.set_trace_callback(None)
    connection.close()
    assert len(left) > 3
    for data_dir in left:
        queue = SQLiteQueue(data_dir, START)
        assert queue.outstanding == (2 if written else 0)
        queue.enqueue(request("new"))
        queue.close()


def test_a_migration_that_fails_changes_nothing(tmp_path):
    write(tmp_path, _VERSION_1)
    connection = sqlite3.connect(tmp_path / "queue.sqlite3", isolation_level=None)
    connection.set_authorizer(_deny_a_new_version)
    with pytest.raises(sqlite3.DatabaseError):
        migrate(connection, tmp_path)
    assert not connection.in_transaction
    columns = {name for (name,) in connection.execute("SELECT name FROM pragma_table_info('requests')")}
    assert "kind" not in columns
    connection.close()


def _deny_a_new_version(action: int, name: str | None, value: str | None, *_: object) -> int:
    is_write = action == sqlite3.SQLITE_PRAGMA and name == "user_version" and value is not None
    return sqlite3.SQLITE_DENY if is_write else sqlite3.SQLITE_OK
