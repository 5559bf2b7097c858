"""A model while it is served."""

import asyncio
from collections.abc import Callable

from async_emulator.deployments.controlled_deployment import ControlledDeployment
from async_emulator.deployments.platform import Surroundings
from async_emulator.deployments.queued_deployment import QueuedDeployment
from async_emulator.deployments.task_group import together
from async_emulator.settings.deployment import DeploymentSettings
from async_emulator.trusses.build_context import truss_sources
from async_emulator.trusses.config import model_name
from async_emulator.trusses.source import FolderSource
from async_inference.codes import Kind


class ServedModel:
    """One model with one deployment. See Served."""

    def __init__(self, settings: DeploymentSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._announce = surroundings.announce
        source = FolderSource(settings, surroundings.truss)
        self._queued = QueuedDeployment(
            settings, source, surroundings, kind=Kind.MODEL, owner_id=settings.model_id
        )
        self.target = self._queued.target

    @property
    def controlled(self) -> list[ControlledDeployment]:
        """The one that it has."""
        return [self._queued.controlled()]

    def tell_name(self, tell: Callable[[str], None]) -> None:
        """Call `tell` with the name in config.yaml, or the folder's."""
        tell(model_name(self._settings.path))

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Deploy, and serve until cancelled. Raises what Deployment.run raises."""
        deployed = asyncio.Event()
        duties = [self._queued.deployment.run(deployed.set), _then(deployed, on_ready)]
        if self._settings.is_watched:
            duties.append(self._reload(deployed))
        try:
            await together(*duties)
        finally:
            await self._queued.stop()

    async def _reload(self, deployed: asyncio.Event) -> None:
        from async_emulator.trusses.watching.hot_reload import (
            HotReload,  # only who watches waits for its import
        )

        path, deployment = self._settings.path, self._queued.deployment
        reload = HotReload(lambda: truss_sources(path), deployment.redeploy, self._announce)
        await deployed.wait()
        await reload.run()


async def _then(event: asyncio.Event, call: Callable[[], None]) -> None:
    await event.wait()
    call()
