import asyncio

import pytest

from async_emulator.prediction.capacity import Capacity, ReplicaSlots
from tests.fake_model import FakeModel


class Watcher:
    def __init__(self, calls: list[str]) -> None:
        self.calls = calls

    def slot_freed(self) -> None:
        self.calls.append("free")


def replica_of(slots: int) -> ReplicaSlots:
    return ReplicaSlots(FakeModel(), slots)


def make(*sizes: int) -> tuple[Capacity, list[ReplicaSlots], list[str]]:
    calls: list[str] = []
    capacity = Capacity()
    replicas = [replica_of(size) for size in sizes]
    for replica in replicas:
        capacity.open(replica)
    capacity.watch_slots(Watcher(calls))
    return capacity, replicas, calls


@pytest.mark.closeness("sync first")
async def test_sync_goes_before_async():
    capacity, [replica], calls = make(1)
    capacity.take()
    sync = asyncio.create_task(capacity.take_for_sync())
    await asyncio.sleep(0)
    assert not capacity.may_keep(replica)
    capacity.give_back(replica)
    await sync
    assert calls == []  # the slot went to the sync request; async requests were not even asked
    assert not capacity.has_room
    capacity.give_back(replica)
    assert calls == ["free"]


async def test_nobody_gets_a_slot_while_no_replica_is_ready():
    capacity, [replica], calls = make(2)
    capacity.close(replica)
    assert not capacity.has_room
    waiting = asyncio.create_task(capacity.take_for_sync())
    await asyncio.sleep(0)
    assert not waiting.done()
    assert capacity.demand == 1
    capacity.open(replica)
    await waiting
    assert calls == ["free"]


async def test_the_least_busy_replica_gets_the_next():
    capacity, [small, large], _ = make(1, 4)
    taken = [capacity.take() for _ in range(5)]
    assert taken[:3] == [small, large, large]
    assert (small.in_use, large.in_use) == (1, 4)
    assert not capacity.has_room
    capacity.give_back(large)
    assert capacity.take() is large


async def test_a_closed_replica_gets_nothing_new_and_its_slots_come_back_with_it():
    capacity, [one, two], calls = make(1, 1)
    assert capacity.take() is one
    capacity.close(one)
    assert capacity.take() is two
    assert not capacity.may_keep(one)
    capacity.give_back(one)
    assert not capacity.has_room
    assert calls == []
    assert one.idle.is_set()
    capacity.open(one)
    assert capacity.take() is one


async def test_what_is_given_back_to_a_closed_replica_is_not_counted_twice():
    capacity, [replica], _ = make(2)
    capacity.take()
    capacity.close(replica)
    capacity.open(replica)
    assert capacity.demand == 1
    capacity.give_back(replica)
    assert [capacity.take(), capacity.take()] == [replica, replica]
    assert not capacity.has_room


@pytest.mark.parametrize("was_given", [False, True])
async def test_a_sync_caller_who_leaves_takes_no_slot_along(was_given):
    capacity, [replica], _ = make(1)
    capacity.take()
    waiting = asyncio.create_task(capacity.take_for_sync())
    await asyncio.sleep(0)
    if was_given:
        capacity.give_back(replica)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    if not was_given:
        capacity.give_back(replica)
    assert capacity.has_room
    assert capacity.demand == 0
