"""One deployment of one Truss: from a folder to a model server that is kept running."""

import os
from collections.abc import Callable, Mapping
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
    environ: Mapping[str, str] = field(default_factory=dict)


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
        while True:
            self._announce("loading the model")
            started = perf_counter()
            replica = await Replica.start(spec, self._log)
            try:
                self.model = replica.client
                self._announce(f"the model is ready after {perf_counter() - started:.1f} s")
                on_ready()
                exit_code = await replica.ended()
                self._announce(f"the model server ended with {exit_code}; starting another")
            finally:
                on_lost()
                self.model = None
                await replica.stop()
