"""A clock that runs, and can be advanced."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from async_emulator.clock import AdvanceableClock

HOUR = 3_600.0


async def test_it_runs_and_what_it_was_advanced_by_is_added():
    clock = AdvanceableClock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    clock.advance(72 * HOUR)
    assert abs(clock.now() - datetime.now(UTC) - timedelta(hours=72)) < timedelta(seconds=1)


async def test_durations_pass_with_it_and_with_its_advances():
    clock = AdvanceableClock()
    start = clock.monotonic()
    clock.advance(HOUR)
    assert HOUR <= clock.monotonic() - start < HOUR + 1


async def test_who_sleeps_is_woken_when_the_time_has_come():
    clock = AdvanceableClock()
    asleep = asyncio.create_task(clock.sleep(2 * HOUR))
    await asyncio.sleep(0)
    clock.advance(HOUR)
    await asyncio.sleep(0.01)
    assert not asleep.done()
    clock.advance(HOUR)
    await asyncio.wait_for(asleep, 1)


async def test_what_takes_too_long_is_ended():
    clock = AdvanceableClock()

    async def work() -> None:
        async with clock.timeout(HOUR):
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    clock.advance(HOUR)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(working, 1)


async def test_time_passes_by_itself_too():
    clock = AdvanceableClock()
    await asyncio.wait_for(clock.sleep(0.01), 1)
    with pytest.raises(TimeoutError):
        async with clock.timeout(0.01):
            await asyncio.Event().wait()


async def test_a_sleeper_can_be_cancelled():
    clock = AdvanceableClock()
    asleep = asyncio.create_task(clock.sleep(HOUR))
    await asyncio.sleep(0)
    asleep.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asleep
    clock.advance(HOUR)


async def test_nothing_is_after_the_end_of_the_calendar():
    clock = AdvanceableClock()
    with pytest.raises(OverflowError):
        clock.advance(1e12)
    assert clock.now() < datetime.now(UTC) + timedelta(seconds=1)
