import asyncio

import pytest

from async_emulator.prediction.capacity import Capacity, ReplicaSlots
from tests.fake_model import FakeModel


class Watcher:
    def __init__(self, calls: list[str]) -> None:
        self.calls = calls

    def slot_freed(self) -> None:
        self.calls.append("free")


class LoadGauge:
    """Records the demand whenever the capacity says that the load may have changed."""

    def __init__(self, capacity: Capacity) -> None:
        self.demands: list[int] = []
        self._capacity = capacity
        capacity.watch_load(self)

    def load_changed(self) -> None:
        self.demands.append(self._capacity.demand)


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


async def test_async_requests_are_told_of_a_replica_that_becomes_ready():
    capacity, _, calls = make()
    capacity.open(replica_of(1))
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


async def test_a_sync_caller_who_leaves_at_the_last_moment_hands_the_slot_to_the_next():
    capacity, [replica], _ = make(1)
    capacity.take()
    leaver, next_in_line = (asyncio.create_task(capacity.take_for_sync()) for _ in range(2))
    await asyncio.sleep(0)
    leaver.cancel()
    capacity.give_back(replica)  # before the caller's task has seen that it is cancelled
    assert await next_in_line is replica
    assert capacity.demand == 1


async def test_every_change_of_the_load_is_reported_when_it_has_happened():
    capacity, _, _ = make()
    load = LoadGauge(capacity)
    waiting, leaving = (asyncio.create_task(capacity.take_for_sync()) for _ in range(2))
    await asyncio.sleep(0)
    assert load.demands == [1, 2]
    leaving.cancel()
    await asyncio.sleep(0)
    assert load.demands == [1, 2, 1]
    replica = replica_of(1)
    capacity.open(replica)
    assert load.demands == [1, 2, 1, 1]
    await waiting
    capacity.give_back(replica)
    assert load.demands == [1, 2, 1, 1, 0]
    capacity.report_load()
    assert load.demands == [1, 2, 1, 1, 0, 0]


async def test_a_replica_is_idle_while_no_prediction_runs_on_it():
    capacity, [replica], _ = make(2)
    assert replica.idle.is_set()
    capacity.take()
    capacity.take()
    capacity.give_back(replica)
    assert not replica.idle.is_set()
    capacity.give_back(replica)
    assert replica.idle.is_set()


async def test_a_suspected_replica_is_closed_and_its_supervisor_is_told():
    capacity, [silent, other], _ = make(1, 1)
    assert not silent.suspected.is_set()
    capacity.suspect(silent)
    assert silent.suspected.is_set()
    assert capacity.take() is other
    assert not capacity.has_room


async def test_when_all_is_closed_no_replica_is_ready():
    capacity, replicas, _ = make(1, 2)
    assert capacity.is_open
    capacity.close_all()
    assert not capacity.has_room
    assert not capacity.is_open
    assert [replica.is_open for replica in replicas] == [False, False]
    capacity.close_all()
    capacity.open(replicas[0])
    assert capacity.take() is replicas[0]
    assert not capacity.has_room
