import asyncio
from datetime import UTC, timedelta

import pytest

from async_emulator.clock import ManualClock, SystemClock


async def test_a_manual_clock_wakes_sleepers_when_their_time_has_come():
    clock = ManualClock()
    start = clock.now()
    naps = [asyncio.create_task(clock.sleep(seconds)) for seconds in (10, 20)]
    await asyncio.sleep(0)
    clock.advance(10)
    await asyncio.sleep(0)
    assert [nap.done() for nap in naps] == [True, False]
    clock.advance(72 * 3_600)
    await asyncio.gather(*naps)
    assert clock.now() - start == timedelta(hours=72, seconds=10)


async def test_a_clock_that_is_set_delays_nobody():
    clock = ManualClock()
    nap = asyncio.create_task(clock.sleep(10))
    await asyncio.sleep(0)
    clock.set(clock.now() - timedelta(hours=1))
    clock.advance(10)
    await asyncio.wait_for(nap, 1)
    assert clock.monotonic() == 10


async def test_a_manual_clocks_timeout_ends_its_body():
    clock = ManualClock()

    async def body() -> None:
        async with clock.timeout(3_600):
            await asyncio.Event().wait()

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    clock.advance(3_599)
    await asyncio.sleep(0)
    assert not task.done()
    clock.advance(1)
    with pytest.raises(TimeoutError):
        await task


async def test_a_timeout_whose_body_has_ended_is_harmless():
    clock = ManualClock()
    async with clock.timeout(1):
        pass
    clock.advance(2)


async def test_no_time_passes_in_a_sleep_of_nothing():
    await ManualClock().sleep(0)


async def test_the_system_clock_is_in_utc_and_times_out():
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    await clock.sleep(0)
    with pytest.raises(TimeoutError):
        async with clock.timeout(0):
            await asyncio.Event().wait()
