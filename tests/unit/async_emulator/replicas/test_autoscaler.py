import asyncio
from collections.abc import AsyncIterator

import pytest

from async_emulator.clock import ManualClock
from async_emulator.replicas.autoscaler import Autoscaler
from async_emulator.settings.deployment import Autoscaling


class Scaled:
    """A deployment of up to three replicas with two slots each."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.demand = 0
        self.scaled: list[int] = []
        self.autoscaling = Autoscaling(min_replicas=0, max_replicas=3, scale_down_delay=60)
        self.autoscaler = Autoscaler(
            self, clock=self.clock, delay=self.autoscaling.scale_down_delay, wanted=3
        )

    @property
    def replicas_needed(self) -> int:
        return self.autoscaling.replicas_for(self.demand, 2)

    def scale_to(self, number: int) -> None:
        self.scaled.append(number)

    async def set_demand(self, demand: int) -> None:
        self.demand = demand
        self.autoscaler.load_changed()
        await self.settle()

    async def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.settle()

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)


@pytest.fixture
async def scaled() -> AsyncIterator[Scaled]:
    scaled = Scaled()
    running = asyncio.create_task(scaled.autoscaler.run())
    await scaled.settle()
    yield scaled
    running.cancel()


async def test_what_nobody_needs_ends_after_the_delay_and_comes_back_at_once(scaled):
    await scaled.pass_time(59.9)
    assert scaled.scaled == []
    await scaled.pass_time(0.1)
    assert scaled.scaled == [0]
    await scaled.set_demand(1)
    assert scaled.scaled == [0, 1]
    await scaled.set_demand(100)
    assert scaled.scaled == [0, 1, 3]


async def test_as_many_stay_as_were_needed_at_any_time_of_the_delay(scaled):
    await scaled.pass_time(30)
    await scaled.set_demand(3)
    await scaled.set_demand(0)
    await scaled.pass_time(30)
    assert scaled.scaled == [2]


async def test_the_delay_begins_anew_when_all_were_needed(scaled):
    await scaled.pass_time(59)
    await scaled.set_demand(6)
    await scaled.set_demand(0)
    await scaled.pass_time(59)
    assert scaled.scaled == []
    await scaled.pass_time(1)
    assert scaled.scaled == [0]


async def test_waking_starts_one_that_ends_again_unless_it_is_needed(scaled):
    await scaled.pass_time(60)
    scaled.autoscaler.wake()
    await scaled.settle()
    assert scaled.scaled == [0, 1]
    scaled.autoscaler.wake()
    await scaled.pass_time(60)
    assert scaled.scaled == [0, 1, 0]


@pytest.mark.parametrize(("demand", "replicas"), [(0, 1), (2, 1), (3, 2), (4, 2), (9, 4)])
def test_the_bounds_hold(demand, replicas):
    assert Autoscaling(min_replicas=1, max_replicas=4).replicas_for(demand, 2) == replicas
