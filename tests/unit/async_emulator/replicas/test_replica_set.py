"""As many replicas as are wanted, each kept running; what the model servers are is no matter here."""

import asyncio
from pathlib import Path

import pytest

from async_emulator.errors import ModelLoadFailed
from tests.unit.async_emulator.replicas.conftest import spec_of


async def test_it_starts_as_many_as_are_wanted(workbench):
    await workbench.replicas.start(spec_of(slots=3), 2)
    replicas = workbench.replicas
    assert (replicas.wanted, replicas.active, replicas.starting, replicas.slots) == (2, 2, 0, 3)
    assert len(workbench.running) == 2
    assert replicas.run_dirs == {Path("run/1")}


async def test_one_that_does_not_load_at_first_is_raised(workbench):
    workbench.failures = ["ImportError: no such thing"]
    with pytest.raises(ModelLoadFailed, match="no such thing"):
        await workbench.replicas.start(spec_of(), 2)


async def test_it_scales_up_and_down_and_the_newest_goes(workbench):
    await workbench.replicas.start(spec_of(), 1)
    workbench.replicas.scale_to(3)
    assert (workbench.replicas.wanted, workbench.replicas.starting) == (3, 2)
    await workbench.settle()
    assert workbench.replicas.active == 3
    workbench.replicas.scale_to(1)
    await workbench.settle()
    assert workbench.running == workbench.started[:1]


async def test_without_a_spec_there_is_nothing_to_scale(workbench):
    workbench.replicas.scale_to(3)
    assert workbench.replicas.wanted == 0


async def test_to_zero_and_back(workbench):
    await workbench.replicas.start(spec_of(), 1)
    workbench.replicas.scale_to(0)
    await workbench.settle()
    assert (workbench.running, workbench.replicas.active) == ([], 0)
    workbench.replicas.scale_to(1)
    await workbench.settle()
    assert workbench.replicas.active == 1


async def test_one_that_goes_ends_what_it_runs_first(workbench):
    await workbench.replicas.start(spec_of(), 1)
    slot = workbench.capacity.take()
    workbench.replicas.scale_to(0)
    await workbench.settle()
    assert (len(workbench.running), workbench.capacity.is_open) == (1, False)
    assert workbench.replicas.run_dirs == {Path("run/1")}
    workbench.capacity.give_back(slot)
    await workbench.settle()
    assert (workbench.running, workbench.replicas.run_dirs) == ([], set())


async def test_one_that_goes_while_it_loads_is_not_waited_for(workbench):
    await workbench.replicas.start(spec_of(), 1)
    workbench.may_load.clear()
    workbench.replicas.scale_to(2)
    await workbench.settle()
    workbench.replicas.scale_to(1)
    await workbench.settle()
    workbench.may_load.set()
    await workbench.settle()
    assert len(workbench.started) == 1


async def test_new_ones_take_the_place_of_the_old_one_by_one(workbench):
    await workbench.replicas.start(spec_of(1), 2)
    workbench.may_load.clear()
    replacing = asyncio.create_task(workbench.replicas.replace(spec_of(2, slots=5)))
    await workbench.settle()
    assert (workbench.replicas.active, len(workbench.running)) == (2, 2)  # the old ones serve
    workbench.may_load.set()
    await replacing
    await workbench.settle()
    assert {replica.spec.run_dir for replica in workbench.running} == {Path("run/2")}
    assert (workbench.replicas.active, workbench.replicas.slots) == (2, 5)


async def test_a_new_one_that_does_not_load_changes_nothing(workbench):
    await workbench.replicas.start(spec_of(1), 2)
    workbench.failures = ["SyntaxError: no"]
    with pytest.raises(ModelLoadFailed, match="SyntaxError"):
        await workbench.replicas.replace(spec_of(2))
    assert workbench.running == workbench.started
    workbench.replicas.scale_to(3)
    await workbench.settle()
    assert {replica.spec.run_dir for replica in workbench.running} == {Path("run/1")}


async def test_a_new_one_goes_again_where_the_old_one_is_no_longer_wanted(workbench):
    await workbench.replicas.start(spec_of(1), 1)
    workbench.may_load.clear()
    replacing = asyncio.create_task(workbench.replicas.replace(spec_of(2)))
    await workbench.settle()
    workbench.replicas.scale_to(0)
    workbench.may_load.set()
    await replacing
    await workbench.settle()
    assert (workbench.running, workbench.replicas.wanted) == ([], 0)


@pytest.mark.parametrize("index", [-1, 1])
async def test_there_is_no_such_replica_to_kill(workbench, index):
    await workbench.replicas.start(spec_of(), 1)
    assert not workbench.replicas.kill(index)
    assert workbench.replicas.active == 1


async def test_while_it_loads_there_is_none_to_kill(workbench):
    await workbench.replicas.start(spec_of(), 1)
    workbench.may_load.clear()
    workbench.replicas.scale_to(2)
    await workbench.settle()
    assert not workbench.replicas.kill(1)
