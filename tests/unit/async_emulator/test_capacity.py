import asyncio

import pytest

from async_emulator.capacity import Capacity


def make(slots: int) -> tuple[Capacity, list[str]]:
    calls: list[str] = []
    capacity = Capacity(on_free=lambda: calls.append("free"))
    capacity.open(slots)
    calls.clear()
    return capacity, calls


async def test_sync_goes_before_async():
    capacity, calls = make(1)
    capacity.take()
    sync = asyncio.create_task(capacity.take_for_sync())
    await asyncio.sleep(0)
    capacity.give_back()
    await sync
    assert calls == []  # the slot went to the sync request; async requests were not even asked
    assert not capacity.has_room
    capacity.give_back()
    assert calls == ["free"]


async def test_nobody_gets_a_slot_while_no_replica_is_ready():
    capacity, calls = make(2)
    capacity.close()
    assert not capacity.has_room
    waiting = asyncio.create_task(capacity.take_for_sync())
    await asyncio.sleep(0)
    assert not waiting.done()
    capacity.open(2)
    await waiting
    assert calls == ["free"]


@pytest.mark.parametrize("was_given", [False, True])
async def test_a_sync_caller_who_leaves_takes_no_slot_along(was_given):
    capacity, _ = make(1)
    capacity.take()
    waiting = asyncio.create_task(capacity.take_for_sync())
    await asyncio.sleep(0)
    if was_given:
        capacity.give_back()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    if not was_given:
        capacity.give_back()
    assert capacity.has_room
