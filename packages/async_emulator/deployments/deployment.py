"""One deployment of one Truss: from a folder to model servers that are kept running."""

import asyncio
from collections.abc import Awaitable, Callable

from async_emulator.deployments.platform import Surroundings
from async_emulator.errors import MissingRequirement, ModelLoadFailed
from async_emulator.prediction.capacity import Capacity
from async_emulator.replicas.autoscaler import Autoscaler
from async_emulator.replicas.replica import ModelServers
from async_emulator.replicas.replica_set import ReplicaSet
from async_emulator.settings.deployment import DeploymentSettings
from async_emulator.trusses.builder import TrussBuilder
from async_emulator.trusses.replica_spec import ReplicaSpec
from async_emulator.trusses.source import TrussSource


async def _at_once() -> None: ...


class Deployment:
    """A Truss that is being deployed.

    `capacity` hands out its slots; `waiting` tells how many requests wait that hold no slot and ask for none.
    """

    def __init__(
        self,
        settings: DeploymentSettings,
        source: TrussSource,
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
        self._source = source
        self._builder = TrussBuilder(
            settings, source, environments=surroundings.environments, clock=clock, announce=self._say
        )
        self._replicas = ReplicaSet(
            capacity=self.capacity,
            clock=clock,
            announce=self._say,
            log=surroundings.log,
            servers=ModelServers(surroundings.connect),
        )
        self._autoscaler = Autoscaler(
            self,
            clock=clock,
            delay=settings.autoscaling.scale_down_delay,
            wanted=settings.autoscaling.max_replicas,
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

    @property
    def replicas_needed(self) -> int:
        """How many replicas the current demand needs, within the bounds."""
        demand = self.capacity.demand + self._waiting()
        return self._settings.autoscaling.replicas_for(demand, self._replicas.slots)

    def scale_to(self, number: int) -> None:
        """Have so many replicas from now on."""
        self._replicas.scale_to(number)

    def wake(self) -> None:
        """Start a replica where there is none, without waiting for a request."""
        self._autoscaler.wake()

    def kill_replica(self, index: int) -> bool:
        """End the replica at `index` (0 is the oldest) with `kill -9`; whether there was one."""
        return self._replicas.kill(index)

    async def run(
        self, on_ready: Callable[[], None], may_start: Callable[[], Awaitable[None]] = _at_once
    ) -> None:
        """Build the Truss, and keep its replicas running until cancelled.

        What is built starts when `may_start` returns; `on_ready` is called once, when all replicas are ready.
        Raises UsageProblem, EnvironmentBuildFailed or ModelLoadFailed.
        """
        try:
            spec = await self._builder.build()
            await may_start()
            await self._start(spec)
            self.is_deployed = True
            on_ready()
            await self._scale()
        finally:
            await self._replicas.stop()

    async def _start(self, spec: ReplicaSpec) -> None:
        try:
            await self._replicas.start(spec, self._settings.autoscaling.max_replicas)
        except ModelLoadFailed as error:
            if error.reason.startswith(ModuleNotFoundError.__name__):
                place = ": ".join(filter(None, (str(self._settings.path), self._source.name)))
                raise MissingRequirement(place, error.reason) from error
            raise

    async def redeploy(self) -> None:
        """Put the Truss as it is now in the place of what runs, or raise as `run` does and change nothing."""
        await self._replicas.replace(await self._builder.build(self._replicas.run_dirs))

    async def _scale(self) -> None:
        if self._settings.autoscaling.is_fixed:
            await asyncio.Event().wait()
        self.capacity.on_load = self._autoscaler.look
        await self._autoscaler.run()

    def _say(self, line: str) -> None:
        name = self._source.name
        self._announce(f"{name}: {line}" if name else line)
