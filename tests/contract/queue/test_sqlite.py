"""What only the durable queue can do: outlast a process, and erase."""

import os
import shutil
import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from async_emulator.errors import DataDirInUse, DataDirUnusable, UnknownRequest
from async_emulator.queue.lifecycle import Event
from async_emulator.queue.sqlite import SQLiteQueue
from async_inference.wire import RequestStatus
from tests.queued_request import HERE, START, request

SECOND = timedelta(seconds=1)


def test_what_was_leased_is_queued_again_when_a_durable_queue_is_next_opened(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    for request_id in ("a", "b"):
        queue.enqueue(request(request_id))
    queue.lease(HERE, START)
    queue.close()
    queue = SQLiteQueue(tmp_path, START + SECOND)
    assert queue.count(HERE, RequestStatus.QUEUED) == 2
    leased = queue.lease(HERE, START)
    assert leased is not None
    assert leased.queue_deadline == START + 601 * SECOND  # it was served in time
    assert leased.request_id == "a"
    queue.close()


def test_what_was_committed_outlasts_the_process_and_the_rest_is_undone(tmp_path):
    queue = SQLiteQueue(tmp_path / "live", START)
    queue.enqueue(request("committed"))
    queue.commit()
    queue.enqueue(request("not committed"))
    shutil.copytree(tmp_path / "live", tmp_path / "after a crash")
    queue.close()
    survivor = SQLiteQueue(tmp_path / "after a crash", START)
    assert survivor.get("committed").status is RequestStatus.QUEUED
    with pytest.raises(UnknownRequest):
        survivor.get("not committed")
    survivor.close()


def test_a_full_disk_fails_the_commit_and_all_that_shares_it(tmp_path, monkeypatch):
    connections: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def remembered(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connections.append(connect(*arguments, **options))
        return connections[-1]

    monkeypatch.setattr(sqlite3, "connect", remembered)
    queue = SQLiteQueue(tmp_path, START)
    [file] = connections  # it is locked, so that only this connection can limit its size
    queue.enqueue(request("before"))
    queue.commit()
    [pages] = file.execute("PRAGMA page_count").fetchone()
    file.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        for number in range(100):
            queue.enqueue(request(f"r{number}"))
    with pytest.raises(sqlite3.OperationalError, match="full"):
        queue.commit()
    assert queue.count(HERE, RequestStatus.QUEUED) == 1
    file.execute("PRAGMA max_page_count = 100000")
    queue.enqueue(request("after"))
    queue.commit()
    assert [queue.lease(HERE, START).request_id for _ in range(2)] == ["before", "after"]  # type: ignore[union-attr]
    queue.close()


def test_a_data_directory_has_one_user(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    with pytest.raises(DataDirInUse, match=str(tmp_path)):
        SQLiteQueue(tmp_path, START)
    queue.close()


@pytest.mark.closeness("erased inputs")
def test_an_erased_input_is_gone_from_the_disk(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    queue.enqueue(request("a"))
    queue.lease(HERE, START)
    queue.finish("a", Event.SUCCEED, START)
    queue.close()
    assert not any(b"prompt" in file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.parametrize("is_folder_a_file", [False, True])
def test_a_place_that_cannot_hold_a_queue_is_named(tmp_path, is_folder_a_file):
    data_dir = tmp_path / "data"
    if is_folder_a_file:
        data_dir.write_text("a file")
    else:
        data_dir.mkdir()
        (data_dir / "queue.sqlite3").write_bytes(b"not a database" * 100)
    with pytest.raises(DataDirUnusable, match=f"{data_dir} cannot hold the queue"):
        SQLiteQueue(data_dir, START)


def test_a_cleared_input_is_gone_from_the_disk(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    queue.enqueue(request("a"))
    queue.clear()
    queue.close()
    assert not any(b"prompt" in file.read_bytes() for file in tmp_path.iterdir())


def test_a_change_that_fails_undoes_all_that_shares_its_commit(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    queue.enqueue(request("a"))
    with pytest.raises(sqlite3.IntegrityError):
        queue.enqueue(request("a"))
    with pytest.raises(sqlite3.IntegrityError):
        queue.commit()
    assert queue.outstanding == 0
    with pytest.raises(UnknownRequest):
        queue.get("a")
    queue.close()


def test_what_was_queued_again_at_the_opening_is_committed(tmp_path):
    queue = SQLiteQueue(tmp_path / "first", START)
    queue.enqueue(request("a"))
    queue.lease(HERE, START)
    queue.close()
    queue = SQLiteQueue(tmp_path / "first", START + SECOND)
    shutil.copytree(tmp_path / "first", tmp_path / "after a crash")
    queue.close()
    survivor = SQLiteQueue(tmp_path / "after a crash", START + 2 * SECOND)
    assert survivor.next_deadline() == START + 601 * SECOND  # as at the first opening, not at the second
    survivor.close()


def test_only_its_user_can_read_a_new_data_directory(tmp_path):
    SQLiteQueue(tmp_path / "data", START).close()
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("is_older", [False, True])
def test_only_its_user_can_read_a_queue_whatever_the_folder_and_the_umask_allow(tmp_path, is_older):
    if is_older:
        queue = SQLiteQueue(tmp_path, START)
        queue.enqueue(request("a"))
        queue.commit()
        shutil.copytree(tmp_path, tmp_path / "data")  # with its -wal, as a kill leaves it
        queue.close()
        for file in (tmp_path / "data").iterdir():
            file.chmod(0o644)
    else:
        (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o777)
    before = os.umask(0)
    try:
        queue = SQLiteQueue(tmp_path / "data", START)
        queue.enqueue(request("b"))
        queue.commit()
        modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "data").iterdir()}
        queue.close()
    finally:
        os.umask(before)
    assert modes == {"queue.sqlite3": 0o600, "queue.sqlite3-wal": 0o600}
