"""Which attempt comes next, and which attempts count after the emulator was killed."""

import asyncio

import pytest

from async_emulator.prediction.outcome import BackPressure, Failure
from async_inference.wire import ErrorCode
from tests.integration.conftest import Platform

BROKEN = Failure(code=ErrorCode.MODEL_PREDICT_ERROR, message="it broke", is_retryable=True, status=500)
INVALID = Failure(code=ErrorCode.MODEL_INVALID_INPUT, message="no prompt", is_retryable=False, status=400)
AT_ONCE = {"max_attempts": 3, "initial_delay_ms": 0}
ERRORS = [{"code": "MODEL_PREDICT_ERROR", "message": "it broke"}]


async def run_out(platform: Platform) -> None:
    """Let time pass until nothing waits for it."""
    for _ in range(20):
        platform.clock.advance(1)
        await platform.settle()


@pytest.mark.closeness("retry priority")
async def test_a_retry_that_is_due_waits_for_what_is_more_urgent_and_goes_before_the_rest(platform):
    platform.outcomes = [BROKEN, BROKEN]
    low, high = await platform.submit(priority=2), await platform.submit(priority=1)
    await platform.settle()
    platform.hold.clear()
    running = await platform.submit()
    await platform.settle()
    platform.clock.advance(1)  # both retries are due
    queued = [await platform.submit(priority=priority) for priority in (0, 1, 2)]
    await platform.settle()
    platform.hold.set()
    await platform.settle()
    order = [attempt.request_id for attempt in platform.attempts]
    assert order == [low, high, running, queued[0], high, queued[1], low, queued[2]]


@pytest.mark.closeness("attempts survive")
@pytest.mark.parametrize("made", [1, 2])
async def test_no_more_attempts_end_than_are_allowed_whatever_kills_the_emulator(platform, killed, made):
    platform.outcomes = [BROKEN] * 3
    request_id = await platform.submit()
    await platform.settle()
    for _ in range(made - 1):
        platform.clock.advance(1)
        await platform.settle()
    assert len(platform.attempts) == made
    async with killed() as started_again:
        started_again.outcomes = [BROKEN] * 9
        await run_out(started_again)
        assert made + len(started_again.attempts) == 3
        assert (await started_again.status(request_id))["errors"] == ERRORS


@pytest.mark.closeness("attempts survive")
async def test_an_attempt_that_a_kill_interrupts_does_not_count(platform, killed):
    platform.hold.clear()
    request_id = await platform.submit(inference_retry_config=AT_ONCE)
    await platform.settle()
    async with killed() as started_again:
        started_again.outcomes = [BROKEN] * 9
        await run_out(started_again)
        assert [attempt.attempts for attempt in started_again.attempts] == [0, 1, 2]
        assert (await started_again.status(request_id))["status"] == "FAILED"


async def test_back_pressure_does_not_count_after_a_kill_either(platform, killed):
    platform.outcomes = [BROKEN, BackPressure()]
    await platform.submit(inference_retry_config=AT_ONCE)
    await platform.settle()
    assert len(platform.attempts) == 2
    async with killed() as started_again:
        await run_out(started_again)
        assert [attempt.attempts for attempt in started_again.attempts] == [1]


@pytest.mark.parametrize("outcome", [BROKEN, INVALID])
async def test_a_failed_request_whose_webhook_is_cut_off_does_not_run_again(
    platform, killed, outcome, monkeypatch
):
    async def never(*_: object) -> bool:
        await asyncio.Event().wait()
        return False

    monkeypatch.setattr(platform.receivers, "deliver", never)
    platform.outcomes = [outcome]
    request_id = await platform.submit(
        inference_retry_config={"max_attempts": 1}, webhook_endpoint="https://example.com/hook"
    )
    await platform.settle()
    status = await platform.status(request_id)
    assert (status["status"], status["errors"]) == ("IN_PROGRESS", [])
    async with killed() as started_again:
        await run_out(started_again)
        assert started_again.attempts == []
        [(_, result)] = started_again.receivers.delivered
        assert [error.message for error in result.errors] == [outcome.message]
        status = await started_again.status(request_id)
        assert (status["status"], status["webhook_status"]) == ("FAILED", "SUCCEEDED")
