"""One replica, kept running: what it does about each way that a model server can end."""

from async_emulator.replicas.supervisor import RELOAD_PAUSE_SECONDS
from tests.unit.async_emulator.replicas.conftest import spec_of


async def test_what_dies_is_replaced(workbench):
    await workbench.replicas.start(spec_of(), 1)
    assert workbench.replicas.kill(0)
    await workbench.settle()
    assert len(workbench.started) == 2
    assert workbench.running == workbench.started[1:]
    assert "replica 1 ended with exit code -9 (SIGKILL); starting another" in workbench.lines
    assert workbench.replicas.active == 1


async def test_what_does_not_load_again_is_tried_with_longer_and_longer_pauses(workbench):
    await workbench.replicas.start(spec_of(), 1)
    first, longest = RELOAD_PAUSE_SECONDS
    pauses = [first, 2 * first, 4 * first, 8 * first, 16 * first, longest, longest]
    workbench.failures = ["no weights"] * len(pauses)
    workbench.replicas.kill(0)
    for pause in pauses:
        await workbench.settle()
        failure = f"replica 1: the model failed to load: no weights; trying again in {pause:.0f} s"
        assert workbench.lines[-1] == failure
        workbench.clock.advance(pause - 0.1)
        await workbench.settle()
        assert workbench.lines[-1] == failure
        workbench.clock.advance(0.1)
    await workbench.settle()
    assert workbench.replicas.active == 1


async def test_what_has_loaded_begins_with_the_shortest_pause_again(workbench):
    await workbench.replicas.start(spec_of(), 1)
    for _ in range(2):
        workbench.failures = ["no weights"]
        workbench.replicas.kill(0)
        await workbench.settle()
        assert workbench.lines[-1].endswith("trying again in 1 s")
        workbench.clock.advance(1)
        await workbench.settle()
        assert workbench.replicas.active == 1


async def test_one_that_did_not_answer_gets_nothing_until_it_is_known_to_live(workbench):
    await workbench.replicas.start(spec_of(), 1)
    slot = workbench.capacity.take()
    workbench.capacity.suspect(slot)
    assert (workbench.capacity.is_open, workbench.replicas.active) == (False, 0)
    workbench.capacity.give_back(slot)
    await workbench.settle()
    assert (workbench.capacity.has_room, workbench.replicas.active) == (True, 1)
    assert len(workbench.started) == 1


async def test_one_that_did_not_answer_and_has_ended_is_replaced(workbench):
    await workbench.replicas.start(spec_of(), 1)
    slot = workbench.capacity.take()
    workbench.started[0].end(1)
    workbench.capacity.suspect(slot)
    workbench.capacity.give_back(slot)
    await workbench.settle()
    assert workbench.running == workbench.started[1:]
    assert "replica 1 ended with exit code 1 while it predicted; starting another" in workbench.lines
    assert workbench.capacity.has_room


async def test_one_that_dies_while_it_goes_is_not_replaced(workbench):
    await workbench.replicas.start(spec_of(), 1)
    slot = workbench.capacity.take()
    workbench.replicas.scale_to(0)
    await workbench.settle()
    workbench.started[0].end(1)
    await workbench.settle()
    assert (len(workbench.started), workbench.running) == (1, [])
    workbench.capacity.give_back(slot)


async def test_it_can_be_stopped_while_it_waits_to_load_again(workbench):
    await workbench.replicas.start(spec_of(), 1)
    workbench.failures = ["no weights"]
    workbench.replicas.kill(0)
    await workbench.settle()
    workbench.replicas.scale_to(0)
    await workbench.settle()
    workbench.clock.advance(60)
    await workbench.settle()
    assert len(workbench.started) == 1
