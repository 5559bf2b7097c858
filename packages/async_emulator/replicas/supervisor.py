"""Keeps one replica running: when it dies, another is started in its place."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from time import perf_counter
from typing import Protocol

from async_emulator.clock import Clock
from async_emulator.errors import ModelLoadFailed
from async_emulator.prediction.capacity import Capacity, ReplicaSlots
from async_emulator.prediction.model import Model
from async_emulator.replicas.exit_code import told
from async_emulator.trusses.replica_spec import ReplicaSpec

RELOAD_PAUSE_SECONDS = (1.0, 30.0)
"""First and longest pause before a model that failed to load is loaded again. Our choice."""


class RunningReplica(Protocol):
    """A model server that has loaded its model."""

    @property
    def client(self) -> Model:
        """The model that makes its predictions."""
        ...

    async def answers(self) -> bool:
        """Wait until the server is ready to predict (True) or has ended (False)."""
        ...

    async def ended(self) -> int:
        """Wait for the server's end; return its exit code."""
        ...

    def kill(self) -> None:
        """Kill it, as a crash would."""
        ...

    async def stop(self) -> None:
        """End it and all its child processes."""
        ...


class ReplicaServers(Protocol):
    """Starts model servers."""

    async def start(self, spec: ReplicaSpec, log: Callable[[Sequence[str]], None]) -> RunningReplica:
        """Start a server and wait until it is ready; pass each line of its log to `log`.

        Raises ModelLoadFailed.
        """
        ...


class ReplicaSupervisor:
    """Runs one replica after the other, from the creation of this object until `stop` or `retire`.

    On trial, it ends with ModelLoadFailed where the model does not load the first time. A model that has been
    ready once is loaded again and again until it loads.
    """

    def __init__(
        self,
        spec: ReplicaSpec,
        *,
        name: str,
        is_on_trial: bool,
        servers: ReplicaServers,
        capacity: Capacity,
        clock: Clock,
        announce: Callable[[str], None],
        log: Callable[[Sequence[str]], None],
    ) -> None:
        self.spec = spec
        self.name = name
        self._slots: ReplicaSlots | None = None
        self._is_on_trial = is_on_trial
        self._servers = servers
        self._capacity = capacity
        self._clock = clock
        self._announce = announce
        self._log = log
        self._replica: RunningReplica | None = None
        self._was_ready = asyncio.Event()
        self._retired = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    @property
    def is_ready(self) -> bool:
        """Whether a replica takes predictions."""
        return self._slots is not None and self._slots.is_open

    async def wait_until_ready(self) -> None:
        """Return once the replica has been ready. On trial: raises ModelLoadFailed."""
        await _first(self._was_ready.wait(), asyncio.wait([self._task]))
        if self._task.done():
            self._task.result()

    def kill(self) -> bool:
        """Kill the replica as a crash would, with `kill -9`; return whether there was one."""
        if self._replica is None:
            return False
        self._replica.kill()
        return True

    async def retire(self) -> None:
        """Take no more predictions, and end once the running ones have ended."""
        self._retired.set()
        if not self.is_ready:
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def stop(self) -> None:
        """End at once."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        pause = RELOAD_PAUSE_SECONDS[0]
        while not self._retired.is_set():
            started = perf_counter()
            try:
                self._replica = await self._servers.start(self.spec, self._log)
            except ModelLoadFailed as error:
                if self._is_on_trial and not self._was_ready.is_set():
                    raise
                self._announce(f"{self.name}: {error}; trying again in {pause:.0f} s")
                await self._clock.sleep(pause)
                pause = min(pause * 2, RELOAD_PAUSE_SECONDS[1])
                continue
            self._announce(f"{self.name} is ready after {perf_counter() - started:.1f} s")
            pause = RELOAD_PAUSE_SECONDS[0]
            await self._use(self._replica)

    async def _use(self, replica: RunningReplica) -> None:
        self._slots = slots = ReplicaSlots(replica.client, self.spec.slots, self.name)
        try:
            while not self._retired.is_set() and await replica.answers():
                slots.suspected.clear()
                self._was_ready.set()
                self._capacity.open(slots)
                await _first(replica.ended(), slots.suspected.wait(), self._retired.wait())
                self._capacity.close(slots)
            if self._retired.is_set():
                await _first(replica.ended(), slots.idle.wait())
            else:
                when = " while it predicted" if slots.in_use or slots.suspected.is_set() else ""
                code = told(await replica.ended())
                self._announce(f"{self.name} ended with {code}{when}; starting another")
        finally:
            self._capacity.close(slots)
            self._replica = None
            await replica.stop()


async def _first(*awaitables: Coroutine[None, None, object]) -> None:
    tasks = [asyncio.create_task(awaitable) for awaitable in awaitables]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
