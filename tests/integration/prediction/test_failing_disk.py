"""A disk that fails while requests run: their ends are kept, callers are told, and it gets well again."""

import logging
import sqlite3

import httpx
import pytest

from async_emulator.clock import ManualClock
from async_emulator.prediction.outcome import BackPressure, Failure
from async_emulator.queue.sqlite import SQLiteQueue
from async_inference.wire import ErrorCode
from tests.full_disk import full_disk
from tests.integration.conftest import Platform
from tests.queued_request import START, request

BROKEN = Failure(code=ErrorCode.MODEL_PREDICT_ERROR, message="it broke", is_retryable=True, status=500)


async def submit(platform: Platform) -> httpx.Response:
    return await platform.http.post("/production/async_predict", json={"model_input": {}})


async def get_well(platform: Platform) -> None:
    """There is room again, and time for whatever waits for it."""
    for _ in range(10):
        platform.clock.advance(1)
        await platform.settle()


@pytest.mark.closeness("full disk")
async def test_what_ends_on_a_full_disk_has_ended_and_does_not_run_again(platform, killed):
    platform.open(3)
    platform.hold.clear()
    running = [await platform.submit(webhook_endpoint="https://example.com/hook") for _ in range(4)]
    waiting = await platform.submit()
    await platform.settle()
    with full_disk():
        await submit(platform)  # from now on it is known
        platform.hold.set()
        await platform.settle()
        statuses = [(await platform.status(each))["status"] for each in [*running, waiting]]
        assert statuses == ["SUCCEEDED"] * 4 + ["QUEUED"]
        assert len(platform.receivers.delivered) == 4
    await get_well(platform)
    assert (await platform.status(waiting))["status"] == "SUCCEEDED"
    async with killed() as started_again:
        statuses = [(await started_again.status(each))["status"] for each in running]
        assert statuses == ["SUCCEEDED"] * 4
        assert started_again.queue.outstanding == 0
    assert len(platform.attempts) == 5


async def test_a_call_that_needs_the_disk_is_answered_503_and_names_it(platform, tmp_path):
    platform.capacity.close_all()
    waiting = await platform.submit()
    with full_disk():
        for _ in range(2):
            answer = await submit(platform)
            assert (answer.status_code, answer.json()["error_code"]) == (503, "internal_baseten_error")
            assert f"the disk of {tmp_path} fails" in answer.json()["error"]
        assert (await platform.http.delete(f"/async_request/{waiting}")).status_code == 503
        assert (await platform.status(waiting))["status"] == "QUEUED"
    assert (await submit(platform)).status_code == 503  # nobody has looked again yet
    await get_well(platform)
    assert (await submit(platform)).status_code == 201


async def test_healthz_tells_of_a_full_disk_and_of_room(platform):
    platform.deployment.is_deployed = True
    with full_disk():
        await submit(platform)
        answer = await platform.http.get("/healthz")
        assert (answer.status_code, answer.json()["status"]) == (503, "disk failed")
    await get_well(platform)
    assert (await platform.http.get("/healthz")).json() == {"status": "ready"}


async def test_a_refused_request_that_had_started_is_heard_of_no_more(platform, caplog):
    caplog.set_level(logging.WARNING)
    platform.open(1)
    with full_disk():
        platform.outcomes = [BROKEN, BackPressure()]
        for _ in range(2):
            refused = await platform.http.post(
                "/production/async_predict",
                json={"model_input": {}, "webhook_endpoint": "https://example.com/hook"},
            )
            assert refused.status_code == 503
        await platform.settle()
    await get_well(platform)
    assert platform.receivers.delivered == []
    assert platform.queue.outstanding == 0
    assert [message for message in caplog.messages if "unexpected" in message] == []


async def test_attempts_that_end_on_a_full_disk_count(platform, killed):
    platform.hold.clear()
    platform.outcomes = [BROKEN] * 3
    request_id = await platform.submit()
    with full_disk():
        platform.hold.set()
        await platform.settle()
    platform.clock.advance(1)
    await platform.settle()
    async with killed() as started_again:
        started_again.outcomes = [BROKEN] * 9
        await get_well(started_again)
        assert len(platform.attempts) + len(started_again.attempts) == 3
        assert (await started_again.status(request_id))["status"] == "FAILED"


async def test_a_request_that_cannot_be_read_is_named_and_the_others_run(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    for request_id in ("spoiled", "good"):
        queue.enqueue(request(request_id))
    queue.close()
    with sqlite3.connect(tmp_path / "queue.sqlite3") as file:
        file.execute("UPDATE requests SET errors = '[' WHERE request_id = 'spoiled'")
    file.close()
    started = Platform(tmp_path, ManualClock())
    started.open(1)
    await started.settle()
    answer = await started.http.get("/async_request/spoiled")
    assert (answer.status_code, answer.json()["error_code"]) == (500, "internal_baseten_error")
    assert "async request 'spoiled' is unreadable in the queue's file: status:" in answer.json()["error"]
    assert (await started.status("good"))["status"] == "SUCCEEDED"
    await started.stop()
