"""One deployment of one Truss: from its source to model servers that are kept running."""

import asyncio
from collections.abc import Iterable

from async_emulator.deployments.platform import Platform
from async_emulator.errors import MissingRequirement, ModelLoadFailed
from async_emulator.prediction.capacity import Capacity
from async_emulator.replicas.autoscaler import Autoscaler
from async_emulator.replicas.replica import ModelServers
from async_emulator.replicas.replica_set import ReplicaSet
from async_emulator.settings.deployment import DeploymentSettings
from async_emulator.trusses.builder import TrussBuilder
from async_emulator.trusses.replica_spec import ReplicaSpec
from async_emulator.trusses.source import TrussSource


class Deployment:
    """A Truss that is being deployed. `capacity` hands out the slots of its replicas."""

    def __init__(self, settings: DeploymentSettings, source: TrussSource, platform: Platform) -> None:
        self.capacity = Capacity()
        self.is_deployed = False
        self._settings = settings
        self._console = platform.console
        self._source = source
        self._builder = TrussBuilder(
            settings,
            source,
            environments=platform.environments,
            clock=platform.clock,
            announce=self._say,
        )
        self._replicas = ReplicaSet(
            capacity=self.capacity,
            clock=platform.clock,
            announce=self._say,
            log=platform.console.log,
            servers=ModelServers(platform.connections),
        )
        self._autoscaler = Autoscaler(
            self,
            clock=platform.clock,
            delay=settings.autoscaling.scale_down_delay,
            wanted=settings.autoscaling.max_replicas,
        )

    @property
    def deployment_id(self) -> str:
        """The deployment's id."""
        return self._settings.deployment_id

    @property
    def chainlet(self) -> str | None:
        """The name of the chainlet that runs here; None: it is not known yet, or this is a model."""
        return self._source.chainlet

    @property
    def is_ready(self) -> bool:
        """Whether it can predict: at once, or after a cold start where it has scaled to zero."""
        return self.is_deployed and (self._replicas.active > 0 or self._replicas.wanted == 0)

    @property
    def active_replicas(self) -> int:
        """The number of replicas that are ready."""
        return self._replicas.active

    @property
    def starting_replicas(self) -> int:
        """The number of replicas that are being started."""
        return self._replicas.starting

    @property
    def backlog(self) -> int:
        """The number of queued requests that only wait for a slot: 0 without a queue."""
        return 0

    @property
    def replicas_needed(self) -> int:
        """The number of replicas that the current demand needs, within the bounds."""
        demand = self.capacity.demand + self.backlog
        return self._settings.autoscaling.replicas_for(demand, self._replicas.slots)

    def scale_to(self, number: int) -> None:
        """Start or end replicas until there are `number`."""
        self._replicas.scale_to(number)

    def wake(self) -> None:
        """Start a replica where there is none, without waiting for a request."""
        self._autoscaler.wake()

    def hold(self, is_held: bool) -> None:
        """Start no queued request for as long as it is held. Without a queue, this does nothing."""

    def kill_replica(self, index: int) -> bool:
        """End the replica at `index` (0 is the oldest) with `kill -9`; False: there is none."""
        return self._replicas.kill(index)

    async def run(self, deployed: asyncio.Event, dependencies: Iterable[asyncio.Event] = ()) -> None:
        """Build the Truss, and keep its replicas running until cancelled.

        The replicas start once every one of `dependencies` is set; `deployed` is set once all are ready.
        Raises UsageProblem, EnvironmentBuildFailed or ModelLoadFailed.
        """
        try:
            spec = await self._builder.build()
            for dependency in dependencies:
                await dependency.wait()
            await self._start(spec)
            self.is_deployed = True
            deployed.set()
            await self._scale()
        finally:
            await self.stop()

    async def stop(self) -> None:
        """End every replica at once."""
        await self._replicas.stop()

    async def _start(self, spec: ReplicaSpec) -> None:
        try:
            await self._replicas.start(spec, self._settings.autoscaling.max_replicas)
        except ModelLoadFailed as error:
            if error.reason.startswith(ModuleNotFoundError.__name__):
                place = ": ".join(filter(None, (str(self._settings.path), self._source.name)))
                raise MissingRequirement(place, error.reason) from error
            raise ModelLoadFailed(error.reason, self._source.name) from error

    async def redeploy(self) -> None:
        """Replace the replicas by ones of the Truss as it is now. They stay where this raises."""
        await self._replicas.replace(await self._builder.build(self._replicas.run_dirs))

    async def _scale(self) -> None:
        if self._settings.autoscaling.is_fixed:
            await asyncio.Event().wait()
        self.capacity.watch_load(self._autoscaler)
        await self._autoscaler.run()

    def _say(self, line: str) -> None:
        name = self._source.name
        self._console.announce(f"{name}: {line}" if name else line)
