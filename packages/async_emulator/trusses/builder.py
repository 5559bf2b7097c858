"""Build a Truss into the spec of its replicas."""

import itertools
import json
import os
import shutil
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from async_emulator.clock import Clock
from async_emulator.disk import writing_to
from async_emulator.errors import EnvironmentBuildFailed
from async_emulator.settings.deployment import DeploymentSettings
from async_emulator.trusses.config import TrussConfig
from async_emulator.trusses.docker import (
    build_image,
    check_docker,
    environ_of_docker,
    is_dockers,
    lay_out_container,
    volumes_of,
)
from async_emulator.trusses.environment.environments import NOT_FOR_A_STUB, ModelEnvironments
from async_emulator.trusses.needs import needs_of
from async_emulator.trusses.oidc_token import VARIABLE, oidc_token
from async_emulator.trusses.replica_spec import (
    ReplicaSpec,
    hub_dir,
    is_secret,
    lay_out,
    lay_out_mounted,
    replica_environ,
)
from async_emulator.trusses.source import TrussSource
from async_emulator.trusses.stubs.stub import Stub


class TrussBuilder:
    """Builds one Truss from its present files, each time. `announce` takes lines for a person."""

    def __init__(
        self,
        settings: DeploymentSettings,
        source: TrussSource,
        *,
        environments: ModelEnvironments,
        clock: Clock,
        announce: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._source = source
        self._environments = environments
        self._clock = clock
        self._announce = announce
        self._runs_dir = settings.data_dir / "app" / settings.deployment_id
        self._numbers = itertools.count(1)

    async def build(self, in_use: Collection[Path] = ()) -> ReplicaSpec:
        """Build the spec of the replicas, and delete the folders of earlier builds that are not `in_use`.

        Raises UsageProblem, EnvironmentBuildFailed or DiskFull.
        """
        settings, source = self._settings, self._source
        if settings.substitutes.with_docker:
            await check_docker()  # before truss writes a context for nothing
        context = await source.context(self._announce)
        if settings.substitutes.with_docker:
            return await self._containers(context, in_use)
        stub = Stub.read(source.stub) if source.stub else None
        config = TrussConfig.read(context, has_stub=stub is not None)
        needs = needs_of(config.own, settings.substitutes, has_stub=stub is not None, place=source.place)
        self._warn(config, needs.warnings, stub)
        python = await self._python(context, config, stub)
        with writing_to(self._runs_dir):
            run_dir = self._next_run_dir(in_use)
            lay_out(
                context,
                config,
                run_dir,
                self._dynamic_config(),
                needs.weights,
                stub,
                has_placeholders=bool(settings.substitutes.stubs),  # in all chainlets: they share files
            )
        return ReplicaSpec(
            name=source.name or "model",
            python=python,
            run_dir=run_dir,
            packages_dir=context / config.bundled_packages_dir,
            slots=settings.concurrency_target or config.predict_concurrency,
            environ=self._environ(config, run_dir, os.environ),
        )

    async def _containers(self, context: Path, in_use: Collection[Path]) -> ReplicaSpec:
        """Build the image, and the spec of replicas that run it. Raises DockerUnavailable too."""
        settings, source = self._settings, self._source
        config = TrussConfig.read(context, has_stub=True)  # an image may hold a server of its own
        volumes = volumes_of(config, settings.substitutes, source.place)
        self._warn(config, (), None)
        self._announce("building the image (Docker keeps its layers for the next start)")
        image = await build_image(context)
        with writing_to(self._runs_dir):
            run_dir = self._next_run_dir(in_use)
            lay_out_mounted(run_dir, self._dynamic_config())
            variables = self._environ(config, run_dir, {k: v for k, v in os.environ.items() if is_secret(k)})
            if VARIABLE in variables:
                volumes[variables[VARIABLE]] = Path(variables[VARIABLE])  # the token, at the same place
            names = sorted(name for name in variables if not is_dockers(name))
            lay_out_container(run_dir, image, volumes, names)
        return ReplicaSpec(
            name=source.name or "model",
            python=Path(sys.executable),
            run_dir=run_dir,
            packages_dir=context,
            slots=settings.concurrency_target or config.predict_concurrency,
            environ=environ_of_docker(variables),
            is_container=True,
        )

    def _environ(self, config: TrussConfig, run_dir: Path, shell: Mapping[str, str]) -> dict[str, str]:
        return replica_environ(
            config,
            shell,
            model_id=self._settings.model_id,
            deployment_id=self._settings.deployment_id,
            hub=hub_dir(run_dir),
            extra={**self._oidc(config, run_dir), **self._settings.environ},
        )

    async def _python(self, context: Path, config: TrussConfig, stub: Stub | None) -> Path:
        left_out = NOT_FOR_A_STUB if stub else ()
        try:
            return await self._environments.python_for(
                context, config.python_version, self._announce, left_out=left_out
            )
        except EnvironmentBuildFailed as error:
            raise EnvironmentBuildFailed(error.exit_code, self._source.name) from error

    def _warn(self, config: TrussConfig, warnings: Sequence[str], stub: Stub | None) -> None:
        """Say what the Truss is served without, each in one line."""
        if stub:
            self._announce(f"warning: {stub.file} stands in for the model's own predict and load")
        for warning in warnings:
            self._announce(f"warning: {warning}")
        given = {*os.environ, *self._settings.environ}
        if unset := [name for name in config.unset_secrets if f"TRUSS_SECRET_{name}" not in given]:
            variables = ", ".join(f"TRUSS_SECRET_{name}" for name in unset)
            self._announce(f"warning: {self._source.place}: secrets that are not set here: set {variables}")

    def _next_run_dir(self, in_use: Collection[Path]) -> Path:
        """Make a new folder for each build, so that replicas of an earlier one are not disturbed."""
        if self._runs_dir.is_dir():
            for older in self._runs_dir.iterdir():
                if older not in in_use:
                    shutil.rmtree(older, ignore_errors=True)
        run_dir = self._runs_dir / str(next(self._numbers))
        run_dir.mkdir(parents=True)
        return run_dir

    def _dynamic_config(self) -> dict[str, str]:
        """Return the mounted files: the environment's, if any (docs.baseten.co, "Environments")."""
        mounted = dict(self._source.dynamic_config())
        if (name := self._settings.environment) is not None:
            mounted["environment"] = json.dumps({"name": name})
        return mounted

    def _oidc(self, config: TrussConfig, run_dir: Path) -> dict[str, str]:
        if not config.has_oidc_token:
            return {}
        settings = self._settings
        token = oidc_token(
            model_id=settings.model_id,
            deployment_id=settings.deployment_id,
            environment=settings.environment,
            now=self._clock.now(),
        )
        path = run_dir / "oidc_token"
        path.write_text(token, encoding="utf-8")
        return {VARIABLE: str(path)}
