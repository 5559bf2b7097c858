"""What a dispatcher reports, logs, holds back and drops."""

import asyncio
import gc
import logging
from typing import Any

import pytest

from async_emulator.errors import ReplicaUnreachable
from async_emulator.prediction.outcome import BackPressure, Failure
from async_inference.wire import ErrorCode

BROKEN = Failure(code=ErrorCode.MODEL_PREDICT_ERROR, message="it broke", is_retryable=True, status=500)
AT_ONCE = {"max_attempts": 2, "initial_delay_ms": 0}


class LoadReports:
    """Records the backlog whenever the load may have changed."""

    def __init__(self, deployment: Any) -> None:
        self.backlogs: list[int] = []
        self._deployment = deployment
        deployment.capacity.watch_load(self)

    def load_changed(self) -> None:
        self.backlogs.append(self._deployment.backlog)


async def test_while_it_is_held_a_deployment_starts_nothing_and_then_everything(platform):
    platform.deployment.hold(True)
    request_id = await platform.submit()
    await platform.settle()
    assert (platform.attempts, platform.deployment.backlog) == ([], 1)
    platform.deployment.hold(False)
    await platform.settle()
    assert (await platform.status(request_id))["status"] == "SUCCEEDED"
    assert platform.deployment.backlog == 0


async def test_the_load_is_reported_when_a_request_finds_no_slot(platform):
    platform.capacity.close_all()
    reports = LoadReports(platform.deployment)
    await platform.submit()
    await platform.submit()
    assert reports.backlogs == [1, 2]


async def test_the_backlog_counts_the_queued_and_the_retries_that_find_no_slot(platform):
    platform.outcomes = [BROKEN]
    await platform.submit()
    await platform.settle()
    platform.capacity.close_all()
    await platform.submit()
    reports = LoadReports(platform.deployment)
    platform.clock.advance(1)
    await platform.settle()
    assert platform.deployment.backlog == 2
    assert reports.backlogs == [2]
    platform.open(1)
    await platform.settle()
    assert platform.deployment.backlog == 0
    assert len(platform.attempts) == 3


async def test_a_sync_request_gets_the_slot_before_the_next_queued_one(platform):
    platform.hold.clear()
    first, second = await platform.submit(), await platform.submit()
    await platform.settle()
    waiting = asyncio.create_task(platform.capacity.take_for_sync())
    await platform.settle()
    platform.hold.set()
    slot = await waiting
    await platform.settle()
    assert [attempt.request_id for attempt in platform.attempts] == [first]
    platform.capacity.give_back(slot)
    await platform.settle()
    assert [attempt.request_id for attempt in platform.attempts] == [first, second]


async def test_a_request_whose_replica_is_lost_is_tried_again_on_another(platform):
    platform.open(1)
    platform.outcomes = [ReplicaUnreachable("gone")]
    request_id = await platform.submit(inference_retry_config=AT_ONCE)
    await platform.settle()
    assert (await platform.status(request_id))["status"] == "SUCCEEDED"


@pytest.mark.closeness("back-pressure")
async def test_no_pause_is_longer_than_eight_seconds(platform):
    platform.outcomes = [BackPressure()] * 7
    await platform.submit()
    await platform.settle()
    pauses = []
    for number in range(2, 8):
        pause = 0.0
        while len(platform.attempts) < number:
            platform.clock.advance(0.5)
            pause += 0.5
            await platform.settle()
        pauses.append(pause)
    assert pauses == [0.5, 1, 2, 4, 8, 8]


async def test_a_stopped_deployment_drops_its_attempts_and_starts_no_more(platform, caplog):
    platform.capacity.close_all()
    replica = platform.open(1)
    platform.hold.clear()
    running, queued = await platform.submit(), await platform.submit()
    await platform.settle()
    await platform.deployment.stop()
    assert replica.in_use == 0
    platform.hold.set()
    await platform.settle()
    assert (await platform.status(running))["status"] == "IN_PROGRESS"
    assert (await platform.status(queued))["status"] == "QUEUED"
    assert len(platform.attempts) == 1
    assert caplog.records == []


async def test_a_failed_request_and_an_error_of_ours_are_logged(platform, caplog):
    platform.outcomes = [ValueError("ours")]
    request_id = await platform.submit(inference_retry_config={"max_attempts": 1})
    await platform.settle()
    unexpected, failed = caplog.records
    assert unexpected.getMessage() == f"request {request_id} could not be run"
    assert isinstance(unexpected.exc_info[1], ValueError)
    assert failed.getMessage() == f"request {request_id} failed: INTERNAL_SERVER_ERROR: ValueError"


async def test_an_error_after_the_attempt_is_logged_and_the_next_request_runs(platform, caplog, monkeypatch):
    async def broken(*_: object) -> bool:
        raise ValueError("the delivery broke")

    monkeypatch.setattr(platform.receivers, "deliver", broken)
    await platform.submit(webhook_endpoint="https://example.com/hook")
    await platform.settle()
    [record] = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "unexpected error in a dispatcher task")
    assert str(record.exc_info[1]) == "the delivery broke"
    other = await platform.submit()
    await platform.settle()
    assert (await platform.status(other))["status"] == "SUCCEEDED"


async def test_requests_that_succeed_leave_neither_tasks_nor_lines_in_the_log(platform, caplog):
    for _ in range(20):
        await platform.submit()
    await platform.settle()
    assert len(platform.attempts) == 20
    platform.clock.advance(3_600)  # the clock of the tests keeps every timeout until it is due
    gc.collect()
    ended = [each for each in gc.get_objects() if isinstance(each, asyncio.Task) and each.done()]
    assert len(ended) < 10
    assert caplog.records == []
