"""A disk that fails loses nothing that has happened, and lets nothing be asked for."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from async_emulator.errors import DataDirFailed, DataDirUnusable, UnknownRequest
from async_emulator.queue.lifecycle import Event
from async_emulator.queue.sqlite import SQLiteQueue
from async_inference.wire import AsyncRequestError, RequestStatus
from tests.full_disk import full_disk
from tests.queued_request import HERE, START, request

SECOND = timedelta(seconds=1)
BROKEN = (AsyncRequestError(code="MODEL_PREDICT_ERROR", message="no"),)


class Committer:
    """A committer that never commits."""

    began = 0

    def changes_began(self) -> None:
        self.began += 1


@pytest.fixture
def queue(tmp_path):
    """A queue with a leased request, `a`, and one that waits, `b`."""
    queue = SQLiteQueue(tmp_path / "live", START)
    for request_id in ("a", "b"):
        queue.enqueue(request(request_id))
    queue.lease(HERE, START)
    queue.commit()
    return queue


def as_a_kill_leaves_it(queue: SQLiteQueue, tmp_path: Path) -> SQLiteQueue:
    shutil.copytree(tmp_path / "live", tmp_path / "killed")
    queue.close()
    return SQLiteQueue(tmp_path / "killed", START)


def test_an_end_is_kept_and_committed_once_there_is_room(queue, tmp_path):
    with full_disk():
        queue.finish("a", Event.FAIL, START + SECOND, BROKEN)
        for _ in range(3):
            with pytest.raises(DataDirFailed, match=f"the disk of {tmp_path}"):
                queue.commit()
            assert queue.get("a").status is RequestStatus.FAILED
            assert queue.outstanding == 1
    queue.commit()
    survivor = as_a_kill_leaves_it(queue, tmp_path)
    ended = survivor.get("a")
    assert (ended.status, ended.errors, ended.status_at) == (RequestStatus.FAILED, BROKEN, START + SECOND)
    leased = [survivor.lease(HERE, START) for _ in range(2)]
    assert [each and each.request_id for each in leased] == ["b", None]
    survivor.close()


def test_while_the_disk_fails_nothing_is_asked_for_and_nothing_is_started(queue):
    with full_disk():
        queue.finish("a", Event.SUCCEED, START)
        with pytest.raises(DataDirFailed):
            queue.commit()
    for name, *arguments in (
        ("check_writable",),
        ("enqueue", request("c")),
        ("lease", HERE, START),
        ("cancel", "b", START),
        ("expire_due", START + 700 * SECOND),
        ("forget_ended", START),
        ("clear",),
    ):
        with pytest.raises(DataDirFailed):
            getattr(queue, name)(*arguments)
    assert queue.get("b").status is RequestStatus.QUEUED
    queue.commit()
    queue.check_writable()
    assert queue.lease(HERE, START).request_id == "b"
    queue.close()


def test_what_was_asked_for_in_the_commit_that_failed_is_undone(queue, tmp_path):
    with full_disk():
        queue.cancel("b", START)
        queue.enqueue(request("c"))
        with pytest.raises(DataDirFailed):
            queue.commit()
    queue.commit()
    assert queue.get("b").status is RequestStatus.QUEUED
    with pytest.raises(UnknownRequest):
        queue.get("c")
    assert queue.count(HERE, RequestStatus.QUEUED) == 1
    queue.close()


@pytest.mark.parametrize("change", ["finish", "release", "record_attempt"])
def test_a_request_that_started_before_its_enqueue_was_undone_is_unknown(queue, change):
    queue.finish("a", Event.SUCCEED, START)
    queue.enqueue(request("c", priority=-1))
    with full_disk():
        assert queue.lease(HERE, START).request_id == "c"
        with pytest.raises(DataDirFailed):
            queue.commit()
    arguments = {"finish": ("c", Event.SUCCEED, START), "release": ("c", START), "record_attempt": ("c",)}
    with pytest.raises(UnknownRequest):
        getattr(queue, change)(*arguments[change])
    assert queue.count(HERE, RequestStatus.IN_PROGRESS) == 0
    queue.close()


def test_attempts_and_releases_are_kept_too(queue, tmp_path):
    with full_disk():
        queue.record_attempt("a")
        queue.release("a", START)
        with pytest.raises(DataDirFailed):
            queue.commit()
        assert queue.count(HERE, RequestStatus.QUEUED) == 2
    queue.commit()
    survivor = as_a_kill_leaves_it(queue, tmp_path)
    leased = survivor.lease(HERE, START)
    assert leased is not None
    assert (leased.request_id, leased.attempts) == ("a", 1)
    survivor.close()


def test_a_large_change_that_fails_before_its_commit_keeps_the_ends_as_well(queue, tmp_path):
    with full_disk():
        queue.finish("a", Event.SUCCEED, START)
        with pytest.raises(DataDirFailed):
            for number in range(50_000):  # more than SQLite keeps in memory before it writes
                queue.enqueue(request(f"r{number}"))
        with pytest.raises(DataDirFailed):
            queue.commit()
    assert queue.get("a").status is RequestStatus.SUCCEEDED
    queue.commit()
    assert queue.outstanding == 1
    queue.close()


def test_the_end_of_the_emulator_says_what_a_full_disk_has_lost(queue, tmp_path, caplog):
    with full_disk():
        queue.finish("a", Event.SUCCEED, START)
        with pytest.raises(DataDirFailed):
            queue.close()
    assert caplog.messages[-1] == "1 requests may run again at the next start"
    queue = SQLiteQueue(tmp_path / "live", START)  # it is closed all the same
    assert queue.count(HERE, RequestStatus.QUEUED) == 2
    queue.close()


def test_a_queue_does_not_open_on_a_full_disk(tmp_path):
    with full_disk(), pytest.raises(DataDirUnusable, match=f"{tmp_path} cannot hold the queue"):
        SQLiteQueue(tmp_path, START)
    SQLiteQueue(tmp_path, START).close()


def test_ends_are_kept_even_where_the_disk_cannot_be_read_meanwhile(queue, tmp_path):
    queue.lease(HERE, START)
    queue.commit()
    log = tmp_path / "live" / "queue.sqlite3-wal"
    content = log.read_bytes()
    with full_disk():
        queue.finish("a", Event.SUCCEED, START)
        os.truncate(log, 0)
        for _ in range(2):
            with pytest.raises(DataDirFailed):
                queue.commit()
        with pytest.raises(DataDirFailed):
            queue.get("a")
        queue.commit_by(committer := Committer())
        queue.finish("b", Event.FAIL, START, BROKEN)
        assert committer.began == 1
    log.write_bytes(content)
    queue.commit()
    survivor = as_a_kill_leaves_it(queue, tmp_path)
    assert survivor.get("a").status is RequestStatus.SUCCEEDED
    assert survivor.get("b").errors == BROKEN
    survivor.close()


def test_what_was_committed_is_not_made_again_over_what_came_later(queue):
    queue.release("a", START)
    queue.commit()
    queue.cancel("a", START)
    queue.lease(HERE, START)
    queue.commit()
    with full_disk():
        queue.finish("b", Event.SUCCEED, START)
        with pytest.raises(DataDirFailed):
            queue.commit()
    queue.commit()
    assert queue.get("a").status is RequestStatus.CANCELED
    queue.close()


def test_once_there_is_room_it_is_said_and_large_changes_need_no_memory_again(queue, tmp_path, caplog):
    with full_disk():
        queue.finish("a", Event.SUCCEED, START)
        with pytest.raises(DataDirFailed):
            queue.commit()
    queue.commit()
    assert caplog.messages[-1] == f"the disk of {tmp_path / 'live'} takes changes again"
    log = tmp_path / "live" / "queue.sqlite3-wal"
    size = log.stat().st_size
    for number in range(10_000):
        queue.enqueue(request(f"r{number}"))
    assert log.stat().st_size > size  # before the commit
    queue.close()
