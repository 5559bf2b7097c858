import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from async_emulator.clock import ManualClock
from async_emulator.errors import DataDirFailed, UnknownRequest
from async_emulator.queue.lifecycle import Event
from async_emulator.queue.memory import MemoryQueue
from async_emulator.queue.request_queue import RETENTION
from async_emulator.queue.sqlite import SQLiteQueue
from async_emulator.queue.sweeper import INTERVAL, Sweeper
from async_inference.codes import RequestStatus
from tests.full_disk import full_disk
from tests.queued_request import HERE, request


class Swept:
    """A queue with a running sweeper."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.queue = MemoryQueue()
        self.sweeper = Sweeper(self.queue, self.clock)

    def enqueue(self, request_id: str, seconds: int) -> None:
        self.queue.enqueue(request(request_id, now=self.clock.now(), max_time_in_queue_seconds=seconds))

    async def pass_time(self, time: timedelta) -> None:
        self.clock.advance(time.total_seconds())
        await self.settle()

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def swept() -> AsyncIterator[Swept]:
    swept = Swept()
    running = asyncio.create_task(swept.sweeper.run())
    await swept.settle()
    yield swept
    running.cancel()


async def test_a_request_that_is_enqueued_between_two_sweeps_expires_on_time(swept):
    swept.enqueue("late", 50)
    await swept.settle()
    swept.enqueue("early", 10)
    await swept.settle()
    await swept.pass_time(timedelta(seconds=10))
    assert swept.queue.get("early").status is RequestStatus.EXPIRED
    assert swept.queue.get("late").status is RequestStatus.QUEUED
    await swept.pass_time(timedelta(seconds=40))
    assert swept.queue.get("late").status is RequestStatus.EXPIRED


async def test_a_released_request_expires_on_time(swept):
    swept.enqueue("a", 30)
    swept.queue.lease(HERE, swept.clock.now())
    await swept.settle()
    await swept.pass_time(timedelta(seconds=10))
    swept.queue.release("a", swept.clock.now())
    await swept.settle()
    await swept.pass_time(timedelta(seconds=20))
    assert swept.queue.get("a").status is RequestStatus.EXPIRED


async def test_a_leased_request_does_not_expire(swept):
    swept.enqueue("a", 30)
    swept.queue.lease(HERE, swept.clock.now())
    await swept.pass_time(timedelta(seconds=30))
    assert swept.queue.get("a").status is RequestStatus.IN_PROGRESS


async def test_an_ended_request_is_forgotten_at_the_next_interval_after_its_retention(swept):
    swept.enqueue("a", 600)
    swept.queue.lease(HERE, swept.clock.now())
    swept.queue.finish("a", Event.SUCCEED, swept.clock.now())
    for _ in range(RETENTION // INTERVAL):
        assert swept.queue.get("a").status is RequestStatus.SUCCEEDED
        await swept.pass_time(INTERVAL)
    with pytest.raises(UnknownRequest):
        swept.queue.get("a")


async def test_an_input_is_scrubbed_ten_seconds_after_its_end_at_the_latest(swept):
    class Scrubbed(MemoryQueue):
        number = 0

        def scrub(self) -> None:
            self.number += 1

    clock, queue = ManualClock(), Scrubbed()
    running = asyncio.create_task(Sweeper(queue, clock).run())
    for request_id in ("a", "b"):
        queue.enqueue(request(request_id, now=clock.now()))
        await swept.settle()
    for number, request_id in enumerate(("a", "b")):
        queue.cancel(request_id, clock.now())
        for _ in range(10):
            assert queue.number == number
            clock.advance(1)
            await swept.settle()
        assert queue.number == number + 1
    running.cancel()


async def test_a_sweep_that_a_full_disk_refuses_is_made_again_a_second_after_there_is_room(swept, tmp_path):
    clock = ManualClock()
    queue = SQLiteQueue(tmp_path, clock.now())
    running = asyncio.create_task(Sweeper(queue, clock).run())
    await swept.settle()
    queue.enqueue(request("a", now=clock.now(), max_time_in_queue_seconds=10))
    await swept.settle()
    queue.commit()
    with full_disk():
        queue.enqueue(request("b"))
        with pytest.raises(DataDirFailed):
            queue.commit()
        clock.advance(10)
        await swept.settle()
    queue.commit()
    clock.advance(1)
    await swept.settle()
    assert queue.get("a").status is RequestStatus.EXPIRED
    running.cancel()
    queue.close()
