"""The replicas of one deployment: the wanted number of them, each kept running."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

from async_emulator.clock import Clock
from async_emulator.prediction.capacity import Capacity
from async_emulator.replicas.supervisor import ReplicaServers, ReplicaSupervisor
from async_emulator.trusses.replica_spec import ReplicaSpec


class ReplicaSet:
    """Replicas that start from one spec at a time. Needs a running event loop; `stop` it."""

    def __init__(
        self,
        *,
        capacity: Capacity,
        clock: Clock,
        announce: Callable[[str], None],
        log: Callable[[Sequence[str]], None],
        servers: ReplicaServers,
    ) -> None:
        self._servers = servers
        self._capacity = capacity
        self._clock = clock
        self._announce = announce
        self._log = log
        self._spec: ReplicaSpec | None = None
        self._supervisors: list[ReplicaSupervisor] = []
        self._numbers = itertools.count(1)
        self._retiring: dict[asyncio.Task[None], ReplicaSupervisor] = {}

    @property
    def wanted(self) -> int:
        """The number of replicas that are ready or starting."""
        return len(self._supervisors)

    @property
    def active(self) -> int:
        """The number of ready replicas."""
        return sum(supervisor.is_ready for supervisor in self._supervisors)

    @property
    def starting(self) -> int:
        """The number of starting replicas."""
        return self.wanted - self.active

    @property
    def slots(self) -> int:
        """The number of predictions that one replica makes at once."""
        return 1 if self._spec is None else self._spec.slots

    @property
    def run_dirs(self) -> set[Path]:
        """The folders in which replicas run."""
        return {supervisor.spec.run_dir for supervisor in [*self._supervisors, *self._retiring.values()]}

    async def start(self, spec: ReplicaSpec, number: int) -> None:
        """Start `number` replicas, and return once each is ready. Raises ModelLoadFailed."""
        self._spec = spec
        self._supervisors = [self._supervisor(spec, is_on_trial=True) for _ in range(number)]
        for supervisor in list(self._supervisors):
            await supervisor.wait_until_ready()

    def scale_to(self, number: int) -> None:
        """Have `number` replicas from now on. Surplus replicas first finish their predictions."""
        if self._spec is None:
            return
        while len(self._supervisors) < number:
            self._supervisors.append(self._supervisor(self._spec, is_on_trial=False))
        while len(self._supervisors) > number:
            self._retire(self._supervisors.pop())

    async def replace(self, spec: ReplicaSpec) -> None:
        """Replace the replicas one by one with replicas of another spec; each old one serves until then.

        Raises ModelLoadFailed where the first new replica does not load; then nothing has changed.
        """
        replaced, self._spec = self._spec, spec
        for old in [supervisor for supervisor in self._supervisors if supervisor.spec is not spec]:
            new = self._supervisor(spec, is_on_trial=True)
            try:
                await new.wait_until_ready()
            except BaseException:
                self._spec = replaced
                await new.stop()
                raise
            if old in self._supervisors:
                self._supervisors[self._supervisors.index(old)] = new
                self._retire(old)
            else:  # scaled down in the meantime
                self._retire(new)

    def kill(self, index: int) -> bool:
        """Kill the replica at `index` (0 is the oldest) with `kill -9`; return whether there was one."""
        return 0 <= index < len(self._supervisors) and self._supervisors[index].kill()

    async def stop(self) -> None:
        """End every replica at once."""
        supervisors = [*self._supervisors, *self._retiring.values()]
        await asyncio.gather(*(supervisor.stop() for supervisor in supervisors))

    def _supervisor(self, spec: ReplicaSpec, *, is_on_trial: bool) -> ReplicaSupervisor:
        return ReplicaSupervisor(
            spec,
            name=f"replica {next(self._numbers)}",
            is_on_trial=is_on_trial,
            servers=self._servers,
            capacity=self._capacity,
            clock=self._clock,
            announce=self._announce,
            log=self._log,
        )

    def _retire(self, supervisor: ReplicaSupervisor) -> None:
        task = asyncio.create_task(supervisor.retire())
        self._retiring[task] = supervisor
        task.add_done_callback(self._retiring.pop)
