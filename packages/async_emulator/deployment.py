"""One deployment of one Truss: from a folder to model servers that are kept running."""

import asyncio
from collections.abc import Callable, Coroutine

from async_emulator.autoscaler import Autoscaler
from async_emulator.capacity import Capacity
from async_emulator.deployment_settings import DeploymentSettings
from async_emulator.replica_set import ReplicaSet
from async_emulator.surroundings import Surroundings
from async_emulator.truss_builder import TrussBuilder


class Deployment:
    """A Truss that is being deployed.

    `capacity` hands out its slots; `waiting` tells how many requests wait that hold no slot and ask for none.
    """

    def __init__(
        self,
        settings: DeploymentSettings,
        surroundings: Surroundings,
        *,
        waiting: Callable[[], int] = lambda: 0,
    ) -> None:
        clock = surroundings.clock
        self.capacity = Capacity()
        self.capacity.wrap_model = surroundings.wrap_model
        self.is_deployed = False
        self._settings = settings
        self._announce = surroundings.announce
        self._waiting = waiting
        self._builder = TrussBuilder(settings, truss=surroundings.truss, clock=clock, announce=self._say)
        self._replicas = ReplicaSet(
            capacity=self.capacity, clock=clock, announce=self._say, log=surroundings.log
        )
        self._autoscaler = Autoscaler(
            clock=clock,
            delay=settings.autoscaling.scale_down_delay,
            wanted=settings.autoscaling.max_replicas,
            needed=self._needed,
            scale_to=self._replicas.scale_to,
        )

    @property
    def model_id(self) -> str:
        """The model's id."""
        return self._settings.model_id

    @property
    def deployment_id(self) -> str:
        """The deployment's id."""
        return self._settings.deployment_id

    @property
    def is_ready(self) -> bool:
        """Whether it predicts, at once or, where it has scaled to zero, after a cold start."""
        return self.is_deployed and (self._replicas.active > 0 or self._replicas.wanted == 0)

    @property
    def active_replicas(self) -> int:
        """How many replicas are ready."""
        return self._replicas.active

    @property
    def starting_replicas(self) -> int:
        """How many replicas are on their way."""
        return self._replicas.starting

    def wake(self) -> None:
        """Start a replica where there is none, without waiting for a request."""
        self._autoscaler.wake()

    def kill_replica(self, index: int) -> bool:
        """End the replica at `index` (0 is the oldest) with `kill -9`; whether there was one."""
        return self._replicas.kill(index)

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Build the Truss, and keep its replicas running until cancelled. `on_ready` is called once.

        Raises UsageProblem, EnvironmentBuildFailed or ModelLoadFailed.
        """
        hot_reload = self._hot_reload()
        try:
            await self._replicas.start(await self._builder.build(), self._settings.autoscaling.max_replicas)
            self.is_deployed = True
            on_ready()
            await asyncio.gather(self._scale(), hot_reload())
        finally:
            await self._replicas.stop()

    async def _scale(self) -> None:
        if self._settings.autoscaling.is_fixed:
            await _for_ever()
        self.capacity.on_load = self._autoscaler.look
        await self._autoscaler.run()

    def _hot_reload(self) -> Callable[[], Coroutine[None, None, None]]:
        """What deploys every change of the files after now."""
        if not self._settings.is_watched:
            return _for_ever
        from async_emulator.hot_reload import HotReload  # only who watches waits for its import

        return HotReload(self._settings.truss_dir, self._redeploy, self._say).run

    async def _redeploy(self) -> None:
        await self._replicas.replace(await self._builder.build(self._replicas.run_dirs))

    def _needed(self) -> int:
        demand = self.capacity.demand + self._waiting()
        return self._settings.autoscaling.replicas_for(demand, self._replicas.slots)

    def _say(self, line: str) -> None:
        name = self._settings.name
        self._announce(f"{name}: {line}" if name else line)


async def _for_ever() -> None:
    await asyncio.Event().wait()
