"""Model servers that are no processes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import cast

import pytest

from async_emulator.clock import ManualClock
from async_emulator.errors import ModelLoadFailed
from async_emulator.prediction.capacity import Capacity
from async_emulator.prediction.model import Model
from async_emulator.replicas.replica_set import ReplicaSet
from async_emulator.trusses.replica_spec import ReplicaSpec


class FakeReplica:
    """A model server that has loaded its model, and lives until it is ended."""

    def __init__(self, spec: ReplicaSpec) -> None:
        self.client = cast(Model, object())
        self.spec = spec
        self.is_stopped = False
        self._exit_code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def answers(self) -> bool:
        return not self._exit_code.done()

    async def ended(self) -> int:
        return await asyncio.shield(self._exit_code)

    def kill(self) -> None:
        self.end(-9)

    async def stop(self) -> None:
        self.is_stopped = True
        self.end(0)

    def end(self, exit_code: int) -> None:
        if not self._exit_code.done():
            self._exit_code.set_result(exit_code)


class Workbench:
    """A set of replicas, and every one that was ever started. `failures` are of the next to be started."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.capacity = Capacity()
        self.lines: list[str] = []
        self.started: list[FakeReplica] = []
        self.failures: list[str] = []
        self.may_load = asyncio.Event()
        self.may_load.set()
        self.replicas = ReplicaSet(
            capacity=self.capacity,
            clock=self.clock,
            announce=self.lines.append,
            log=self.lines.extend,
            servers=self,
        )

    async def start(self, spec: ReplicaSpec, log: Callable[[Sequence[str]], None]) -> FakeReplica:
        await self.may_load.wait()
        if self.failures:
            raise ModelLoadFailed(self.failures.pop(0))
        self.started.append(FakeReplica(spec))
        return self.started[-1]

    @property
    def running(self) -> list[FakeReplica]:
        return [replica for replica in self.started if not replica.is_stopped]

    async def settle(self) -> None:
        """Let everything that can run do so; no time passes."""
        for _ in range(30):
            await asyncio.sleep(0)


def spec_of(number: int = 1, slots: int = 1) -> ReplicaSpec:
    return ReplicaSpec(
        python=Path("python"),
        run_dir=Path(f"run/{number}"),
        packages_dir=Path("packages"),
        slots=slots,
        name="model",
        environ={},
    )


@pytest.fixture
async def workbench() -> AsyncIterator[Workbench]:
    workbench = Workbench()
    yield workbench
    await workbench.replicas.stop()
    assert workbench.running == []
