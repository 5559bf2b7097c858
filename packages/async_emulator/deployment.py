"""One deployment of one Truss: from a folder to model servers that are kept running."""

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from async_emulator.autoscaler import Autoscaler, Autoscaling
from async_emulator.build_context import build_context
from async_emulator.capacity import Capacity
from async_emulator.clock import Clock
from async_emulator.model_environment import model_environment
from async_emulator.replica import ReplicaSpec, lay_out_app, replica_environ
from async_emulator.replica_set import ReplicaSet
from async_emulator.truss_config import TrussConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentSettings:
    """What to deploy, and where it may write. `environ` is added to the model's environment.

    `concurrency_target` is how many predictions a replica makes at once. None: as many as the Truss's
    `predict_concurrency`. `retry_not_ready`: whether MODEL_NOT_READY is retried.
    """

    truss_dir: Path
    data_dir: Path
    cache_dir: Path
    model_id: str
    deployment_id: str
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    concurrency_target: int | None = None
    retry_not_ready: bool = True
    autoscaling: Autoscaling = field(default_factory=Autoscaling)


class Deployment:
    """A Truss that is being deployed. `announce` gets lines for a person, `log` the model's own.

    `capacity` hands out its slots; `waiting` tells how many requests wait that hold no slot and ask for none.
    """

    def __init__(
        self,
        settings: DeploymentSettings,
        *,
        capacity: Capacity,
        clock: Clock,
        announce: Callable[[str], None],
        log: Callable[[str], None],
        waiting: Callable[[], int] = lambda: 0,
    ) -> None:
        self.capacity = capacity
        self.is_deployed = False
        self._settings = settings
        self._announce = announce
        self._log = log
        self._waiting = waiting
        self._replicas = ReplicaSet(capacity=capacity, clock=clock, announce=announce, log=log)
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
        autoscaling = self._settings.autoscaling
        spec = await self._build()
        self._announce("loading the model")
        try:
            await self._replicas.start(spec, autoscaling.max_replicas)
            self.is_deployed = True
            on_ready()
            if not autoscaling.is_fixed:
                self.capacity.on_load = self._autoscaler.look
                await self._autoscaler.run()
            await asyncio.Event().wait()
        finally:
            await self._replicas.stop()

    def _needed(self) -> int:
        demand = self.capacity.demand + self._waiting()
        return self._settings.autoscaling.replicas_for(demand, self._replicas.slots)

    async def _build(self) -> ReplicaSpec:
        """Make everything that a replica needs."""
        settings = self._settings
        self._announce(f"building {settings.truss_dir}")
        context = await build_context(settings.truss_dir, settings.cache_dir / "contexts")
        config = TrussConfig.read(context)
        python = await model_environment(
            context, config.python_version, settings.cache_dir / "environments", self._announce
        )
        app_dir = settings.data_dir / "app" / settings.deployment_id
        shutil.rmtree(app_dir, ignore_errors=True)
        lay_out_app(context, config, app_dir)
        return ReplicaSpec(
            python=python,
            app_dir=app_dir,
            packages_dir=context / config.bundled_packages_dir,
            slots=settings.concurrency_target or config.predict_concurrency,
            environ=replica_environ(
                config,
                os.environ,
                model_id=settings.model_id,
                deployment_id=settings.deployment_id,
                extra=settings.environ,
            ),
        )
