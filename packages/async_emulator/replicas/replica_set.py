"""The replicas of one deployment: as many as are wanted, each of them kept running."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

from async_emulator.clock import Clock
from async_emulator.prediction.capacity import Capacity
from async_emulator.replicas.replica import ReplicaSpec
from async_emulator.replicas.supervisor import ReplicaKeeper, StartReplica


class ReplicaSet:
    """Replicas made by one spec at a time. Needs a running event loop; `stop` it."""

    def __init__(
        self,
        *,
        capacity: Capacity,
        clock: Clock,
        announce: Callable[[str], None],
        log: Callable[[str], None],
        start: StartReplica,
    ) -> None:
        self._start = start
        self._capacity = capacity
        self._clock = clock
        self._announce = announce
        self._log = log
        self._spec: ReplicaSpec | None = None
        self._keepers: list[ReplicaKeeper] = []
        self._numbers = itertools.count(1)
        self._retiring: dict[asyncio.Task[None], ReplicaKeeper] = {}

    @property
    def wanted(self) -> int:
        """How many replicas there are or will be."""
        return len(self._keepers)

    @property
    def active(self) -> int:
        """How many replicas are ready."""
        return sum(keeper.is_ready for keeper in self._keepers)

    @property
    def starting(self) -> int:
        """How many replicas are on their way."""
        return self.wanted - self.active

    @property
    def slots(self) -> int:
        """How many predictions one replica makes at once."""
        return 1 if self._spec is None else self._spec.slots

    @property
    def run_dirs(self) -> set[Path]:
        """The folders that replicas run in."""
        return {keeper.spec.run_dir for keeper in [*self._keepers, *self._retiring.values()]}

    async def start(self, spec: ReplicaSpec, number: int) -> None:
        """Start as many replicas, and return once each is ready. Raises ModelLoadFailed."""
        self._spec = spec
        self._keepers = [self._keeper(spec, is_on_trial=True) for _ in range(number)]
        for keeper in list(self._keepers):
            await keeper.wait_until_ready()

    def scale_to(self, number: int) -> None:
        """From now on there are as many replicas; those that go end what they run first."""
        if self._spec is None:
            return
        while len(self._keepers) < number:
            self._keepers.append(self._keeper(self._spec, is_on_trial=False))
        while len(self._keepers) > number:
            self._retire(self._keepers.pop())

    async def replace(self, spec: ReplicaSpec) -> None:
        """Put replicas of another spec in the place of these, one by one; the old ones serve until then.

        Raises ModelLoadFailed where the first of the new ones does not load; then nothing has changed.
        """
        replaced, self._spec = self._spec, spec
        for old in [keeper for keeper in self._keepers if keeper.spec is not spec]:
            new = self._keeper(spec, is_on_trial=True)
            try:
                await new.wait_until_ready()
            except BaseException:
                self._spec = replaced
                await new.stop()
                raise
            if old in self._keepers:
                self._keepers[self._keepers.index(old)] = new
                self._retire(old)
            else:  # scaled down meanwhile
                self._retire(new)

    def kill(self, index: int) -> bool:
        """End the replica at `index` (0 is the oldest) with `kill -9`; whether there was one."""
        return 0 <= index < len(self._keepers) and self._keepers[index].kill()

    async def stop(self) -> None:
        """End every replica at once."""
        keepers = [*self._keepers, *self._retiring.values()]
        await asyncio.gather(*(keeper.stop() for keeper in keepers))

    def _keeper(self, spec: ReplicaSpec, *, is_on_trial: bool) -> ReplicaKeeper:
        return ReplicaKeeper(
            spec,
            name=f"replica {next(self._numbers)}",
            is_on_trial=is_on_trial,
            start=self._start,
            capacity=self._capacity,
            clock=self._clock,
            announce=self._announce,
            log=self._log,
        )

    def _retire(self, keeper: ReplicaKeeper) -> None:
        task = asyncio.create_task(keeper.retire())
        self._retiring[task] = keeper
        task.add_done_callback(self._retiring.pop)
