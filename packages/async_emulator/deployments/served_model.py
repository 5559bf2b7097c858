"""A model: the Truss that is to be served, and what serves it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from async_emulator.deployments.platform import Platform
from async_emulator.deployments.queued_deployment import QueuedDeployment
from async_emulator.deployments.served import ServedSettings
from async_emulator.deployments.task_group import together
from async_emulator.settings.deployment import DeploymentSettings
from async_emulator.trusses.build_context import check_truss, truss_sources
from async_emulator.trusses.config import model_name, own_settings
from async_emulator.trusses.needs import needs_of
from async_emulator.trusses.source import FolderSource
from async_emulator.trusses.stubs.stub import check_stubs
from async_inference.codes import Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSettings(ServedSettings):
    """One model with one deployment, whose path is the folder of the Truss."""

    kind = Kind.MODEL
    submit_operation = "async_predict"

    @property
    def truss_dirs(self) -> list[Path]:
        """The Truss itself."""
        return [self.path]

    def check(self) -> None:
        """Raise NotATruss where the folder holds no Truss, BadStub, and what `needs_of` raises."""
        check_truss(self.path)
        check_stubs(self.deployment.substitutes)
        if self.deployment.substitutes.with_docker:
            return
        needs_of(
            own_settings(self.path),
            self.deployment.substitutes,
            has_stub=bool(self.deployment.substitutes.stubs),
            place=str(self.path / "config.yaml"),
        )

    def open(self, platform: Platform) -> "ServedModel":
        """Return what serves it. Needs a running event loop."""
        return ServedModel(self.deployment, platform)


class ServedModel:
    """One model with one deployment. See Served."""

    def __init__(self, settings: DeploymentSettings, platform: Platform) -> None:
        self._settings = settings
        self._console = platform.console
        self.target = QueuedDeployment(
            settings,
            FolderSource(settings, platform.cache, platform.truss),
            platform,
            kind=Kind.MODEL,
            owner_id=settings.model_id,
        )

    @property
    def display_name(self) -> str:
        """The name in config.yaml, or the folder's."""
        return model_name(self._settings.path)

    @property
    def deployments(self) -> Sequence[QueuedDeployment]:
        """The one deployment of the model."""
        return [self.target]

    async def run(self, ready: asyncio.Event) -> None:
        """Deploy, set `ready`, and serve until cancelled. Raises what Deployment.run raises."""
        duties = [self.target.run(ready)]
        if self._settings.is_watched:
            duties.append(self._reload(ready))
        await together(*duties)

    def sources(self) -> Sequence[Path]:
        """Return the folders that hold the Truss's files."""
        return truss_sources(self._settings.path)

    async def redeploy(self) -> None:
        """Deploy the Truss as it is now. Where this raises an EmulatorError, what runs stays."""
        await self.target.redeploy()

    async def _reload(self, ready: asyncio.Event) -> None:
        from async_emulator.trusses.watching.hot_reload import HotReload  # imported only where it is used

        reload = HotReload(self, self._console.announce)
        await ready.wait()
        await reload.run()
