"""A row that holds no request is named and set aside; all others run. A file that is no queue is one line."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from async_emulator.errors import DataDirFailed, DataDirUnusable, UnreadableRequest
from async_emulator.queue.lifecycle import Event
from async_emulator.queue.sqlite import SQLiteQueue
from async_inference.wire import RequestStatus
from tests.queued_request import HERE, START, request

SPOILED = {
    "status": ("status", "'PAUSED'", "'PAUSED' is not a valid RequestStatus"),
    "webhook_status": ("webhook_status", "'LOST'", "'LOST' is not a valid WebhookStatus"),
    "kind": ("kind", "'robot'", "'robot' is not a valid Kind"),
    "time": ("created_at", "9e18", "date value out of range"),
    "json": ("errors", "'[{'", "Expecting property name"),
    "json of something else": ("errors", "'[7]'", "AsyncRequestError"),
    "text": ("webhook_endpoint", "CAST(X'68FF' AS TEXT)", "found b'h\\xff'"),
    "retries": ("max_attempts", "0", "max_attempts"),
}


def spoil(data_dir: Path, column: str, value: str) -> None:
    with sqlite3.connect(data_dir / "queue.sqlite3") as file:
        file.execute(f"UPDATE requests SET {column} = {value} WHERE request_id = 'spoiled'")
    file.close()


def inputs(data_dir: Path) -> int:
    with sqlite3.connect(data_dir / "queue.sqlite3") as file:
        [(number,)] = file.execute("SELECT count(*) FROM inputs").fetchall()
    file.close()
    return int(number)


@pytest.mark.parametrize("is_leased", [False, True])
@pytest.mark.parametrize("spoiled", SPOILED)
def test_it_is_named_and_keeps_its_input_and_the_others_run(tmp_path, spoiled, is_leased, caplog):
    column, value, reason = SPOILED[spoiled]
    queue = SQLiteQueue(tmp_path, START)
    for request_id in ("spoiled", "good"):
        queue.enqueue(request(request_id))
    if is_leased:
        queue.lease(HERE, START)
    queue.close()
    spoil(tmp_path, column, value)
    kept = inputs(tmp_path)

    queue = SQLiteQueue(tmp_path, START)
    leased = [queue.lease(HERE, START) for _ in range(2)]
    assert [each and each.request_id for each in leased] == ["good", None]
    [line] = caplog.messages
    assert line.startswith("async request 'spoiled' is unreadable in the queue's file: ")
    assert column in line
    assert reason in line
    assert line.endswith("it is set aside: it neither runs nor expires")
    with pytest.raises(UnreadableRequest, match="'spoiled'"):
        queue.get("spoiled")
    queue.finish("good", Event.SUCCEED, START)
    assert queue.outstanding == 0
    queue.expire_due(START + timedelta(days=9))
    queue.forget_ended(START + timedelta(days=9))
    queue.enqueue(request("new"))
    assert [each.request_id for each in queue.newest(None, 9)] == ["new"]
    queue.close()
    assert inputs(tmp_path) == kept  # one has ended, and one is new

    queue = SQLiteQueue(tmp_path, START)
    assert len(caplog.messages) == 1
    queue.clear()
    queue.close()
    assert inputs(tmp_path) == 0


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (
            "UPDATE requests SET request_id = CAST(X'68FF' AS TEXT) WHERE seq = 1",
            "async request b'h\\xff' is unreadable in the queue's file: request_id: found b'h\\xff'",
        ),
        (
            "DELETE FROM inputs WHERE seq = 1",
            "async request 'spoiled' is unreadable in the queue's file: model_input: it is missing",
        ),
    ],
)
def test_one_without_an_id_or_an_input_does_not_hold_the_others(tmp_path, damage, line, caplog):
    queue = SQLiteQueue(tmp_path, START)
    for request_id in ("spoiled", "good"):
        queue.enqueue(request(request_id))
    queue.close()
    with sqlite3.connect(tmp_path / "queue.sqlite3") as file:
        file.execute(damage)
    file.close()
    queue = SQLiteQueue(tmp_path, START)
    leased = [queue.lease(HERE, START) for _ in range(2)]
    assert [each and each.request_id for each in leased] == ["good", None]
    assert caplog.messages == [f"{line}; it is set aside: it neither runs nor expires"]
    assert queue.count(HERE, RequestStatus.QUEUED) == 0
    queue.close()


def test_it_does_not_expire_and_the_others_do(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    for request_id in ("spoiled", "good"):
        queue.enqueue(request(request_id))
    queue.close()
    spoil(tmp_path, "errors", "'['")
    queue = SQLiteQueue(tmp_path, START)
    assert queue.expire_due(START + timedelta(days=1)) == 1
    assert queue.get("good").status is RequestStatus.EXPIRED
    assert queue.next_deadline() is None
    queue.close()


def test_one_that_has_ended_is_left_out_of_the_list(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    for request_id in ("spoiled", "good"):
        queue.enqueue(request(request_id))
        queue.cancel(request_id, START)
    queue.close()
    spoil(tmp_path, "errors", "'['")
    queue = SQLiteQueue(tmp_path, START)
    assert [each.request_id for each in queue.newest(None, 9)] == ["good"]
    queue.close()


@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_a_damaged_page_is_one_error_with_the_path(tmp_path, page):
    queue = SQLiteQueue(tmp_path, START)
    for number in range(20):
        queue.enqueue(request(f"r{number}"))
    queue.close()
    file = tmp_path / "queue.sqlite3"
    written = bytearray(file.read_bytes())
    written[(page - 1) * 1024 : page * 1024] = b"\xff" * 1024
    file.write_bytes(written)
    try:
        queue = SQLiteQueue(tmp_path, START)
    except DataDirUnusable as error:
        assert str(error).startswith(f"{tmp_path} cannot hold the queue (")
        assert str(error).endswith("or move a damaged queue.sqlite3 away")
        return
    with pytest.raises(DataDirFailed, match=f"the disk of {tmp_path} fails .*malformed"):
        for _ in range(20):
            queue.lease(HERE, START)
        queue.expire_due(START + timedelta(days=1))
