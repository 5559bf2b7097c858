"""From the files of a Truss to everything that a replica needs."""

import itertools
import os
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from async_emulator.build_context import build_context
from async_emulator.deployment_settings import DeploymentSettings
from async_emulator.model_environment import model_environment
from async_emulator.replica import ReplicaSpec, lay_out_app, replica_environ
from async_emulator.truss_config import TrussConfig


class TrussBuilder:
    """Builds one Truss, each time as it is then. `announce` gets lines for a person."""

    def __init__(self, settings: DeploymentSettings, announce: Callable[[str], None]) -> None:
        self._settings = settings
        self._announce = announce
        self._apps_dir = settings.data_dir / "app" / settings.deployment_id
        self._numbers = itertools.count(1)

    async def build(self, in_use: Collection[Path] = ()) -> ReplicaSpec:
        """What replicas are made of. Of what was built before, `in_use` stays.

        Raises UsageProblem or EnvironmentBuildFailed.
        """
        settings = self._settings
        self._announce(f"building {settings.truss_dir}")
        context = await build_context(settings.truss_dir, settings.cache_dir / "contexts")
        config = TrussConfig.read(context)
        python = await model_environment(
            context, config.python_version, settings.cache_dir / "environments", self._announce
        )
        return ReplicaSpec(
            name=settings.name or "model",
            python=python,
            app_dir=self._lay_out(context, config, in_use),
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

    def _lay_out(self, context: Path, config: TrussConfig, in_use: Collection[Path]) -> Path:
        """A folder of its own for each build: who runs from an older one is not disturbed."""
        if self._apps_dir.is_dir():
            for older in self._apps_dir.iterdir():
                if older not in in_use:
                    shutil.rmtree(older, ignore_errors=True)
        app_dir = self._apps_dir / str(next(self._numbers))
        lay_out_app(context, config, app_dir)
        return app_dir
