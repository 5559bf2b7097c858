"""One deployment of one Truss: from a folder to a model server that is kept running."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from async_emulator.build_context import build_context
from async_emulator.model_client import ModelClient
from async_emulator.model_environment import model_environment
from async_emulator.replica import Replica, ReplicaSpec, lay_out_app, replica_environ
from async_emulator.truss_config import TrussConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentSettings:
    """What to deploy, and where it may write. `environ` is added to the model's environment."""

    truss_dir: Path
    data_dir: Path
    cache_dir: Path
    model_id: str
    deployment_id: str
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)


class Deployment:
    """A Truss that is being deployed. `announce` gets lines for a person, `log` the model's own."""

    def __init__(
        self,
        settings: DeploymentSettings,
        *,
        announce: Callable[[str], None],
        log: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._announce = announce
        self._log = log
        self.model: ModelClient | None = None
        self._on_lost: Callable[[], None] = lambda: None
        self._suspected = asyncio.Event()

    async def build(self) -> tuple[TrussConfig, ReplicaSpec]:
        """Make everything a replica needs. Raises UsageProblem or EnvironmentBuildFailed."""
        settings = self._settings
        self._announce(f"building {settings.truss_dir}")
        context = await build_context(settings.truss_dir, settings.cache_dir / "contexts")
        config = TrussConfig.read(context)
        python = await model_environment(
            context, config.python_version, settings.cache_dir / "environments", self._announce
        )
        app_dir = settings.data_dir / "app"
        lay_out_app(context, config, app_dir)
        environ = replica_environ(
            config,
            os.environ,
            model_id=settings.model_id,
            deployment_id=settings.deployment_id,
            extra=settings.environ,
        )
        packages_dir = context / config.bundled_packages_dir
        return config, ReplicaSpec(python=python, app_dir=app_dir, packages_dir=packages_dir, environ=environ)

    async def keep_running(
        self, spec: ReplicaSpec, *, on_ready: Callable[[], None], on_lost: Callable[[], None]
    ) -> None:
        """Run a replica, and another when it dies, until cancelled. Raises ModelLoadFailed."""
        self._on_lost = on_lost
        while True:
            self._announce("loading the model")
            started = perf_counter()
            replica = await Replica.start(spec, self._log)
            self._announce(f"the model is ready after {perf_counter() - started:.1f} s")
            try:
                while await replica.answers():
                    self.model = replica.client
                    self._suspected.clear()
                    on_ready()
                    await _first(replica.ended(), self._suspected.wait())
                    on_lost()
                self._announce(f"the model server ended with {await replica.ended()}; starting another")
            finally:
                on_lost()
                self.model = None
                await replica.stop()

    def suspect(self) -> None:
        """The replica did not answer a prediction: it gets no other until it is known to live."""
        self._on_lost()
        self._suspected.set()


async def _first(*awaitables: Coroutine[None, None, object]) -> None:
    tasks = [asyncio.create_task(awaitable) for awaitable in awaitables]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
