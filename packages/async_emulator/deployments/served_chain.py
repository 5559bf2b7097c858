"""A chain while it is served: its entrypoint has a queue, the other chainlets only chainlets call."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path

from async_emulator.deployments.controlled_deployment import ControlledDeployment
from async_emulator.deployments.deployment import Deployment
from async_emulator.deployments.platform import Surroundings
from async_emulator.deployments.queued_deployment import QueuedDeployment, controlled_deployment
from async_emulator.deployments.task_group import together
from async_emulator.errors import NotAChain
from async_emulator.paths import chainlet_path
from async_emulator.settings.deployment import DeploymentSettings
from async_emulator.trusses.chain import BuiltChain, Chainlet, build_chain
from async_emulator.trusses.chainlet_source import ChainletSource, GeneratedChain
from async_inference.codes import Kind

_API_KEY_VARIABLE = "TRUSS_SECRET_baseten_chain_api_key"
"""The secret with which truss lets chainlets call each other."""


class ServedChain:
    """One chain with one deployment. See Served.

    `settings` are those of the entrypoint; the other chainlets are deployed alike.
    """

    def __init__(self, settings: DeploymentSettings, surroundings: Surroundings) -> None:
        self._settings = replace(
            settings, environ={**settings.environ, _API_KEY_VARIABLE: surroundings.api_key}
        )
        self._surroundings = surroundings
        self._generated = GeneratedChain(settings.path, self._url_of)
        self._entrypoint = QueuedDeployment(
            self._settings,
            ChainletSource(self._generated, lambda chain: chain.entrypoint),
            surroundings,
            kind=Kind.CHAIN,
            owner_id=settings.model_id,
        )
        self._others: dict[str, Deployment] = {}
        self._tell_name: Callable[[str], None] = lambda name: None
        self.target = replace(self._entrypoint.target, wake=self._wake, is_ready=lambda: self._is_ready)

    @property
    def controlled(self) -> list[ControlledDeployment]:
        """The entrypoint's deployment, and once the chain is generated, those of the other chainlets."""
        built = self._generated.built
        return [
            self._entrypoint.controlled(built.entrypoint.name if built else None),
            *(controlled_deployment(each, chainlet=name) for name, each in self._others.items()),
        ]

    def tell_name(self, tell: Callable[[str], None]) -> None:
        """Call `tell` with the chain's display name once it has been imported."""
        self._tell_name = tell
        if self._generated.built is not None:
            tell(self._generated.built.name)

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Generate the chain, deploy each chainlet after those that it calls, and serve until cancelled.

        Raises NotAChain, and what Deployment.run raises.
        """
        try:
            chain = await self._generate()
            self._tell_name(chain.name)
            deployments = {each.name: self._deployment_of(each) for each in chain.chainlets}
            ready = {name: asyncio.Event() for name in deployments}
            running = [
                deployments[each.name].run(ready[each.name].set, _all_of(ready, each.dependencies))
                for each in chain.chainlets
            ]
            await together(*running, self._when_ready(ready, chain, on_ready))
        finally:
            await self._entrypoint.stop()

    async def _generate(self) -> BuiltChain:
        settings = self._settings
        self._surroundings.announce(f"generating {settings.path}")
        chain = await build_chain(settings.path, settings.cache_dir / "chains", self._surroundings.truss)
        self._generated.built = chain
        return chain

    def _deployment_of(self, chainlet: Chainlet) -> Deployment:
        if chainlet.is_entrypoint:
            return self._entrypoint.deployment
        name = chainlet.name
        digest = hashlib.sha256(f"{self._settings.model_id}/{name}".encode()).hexdigest()
        deployment = Deployment(
            replace(self._settings, model_id=digest[:8], deployment_id=digest[8:15]),
            ChainletSource(self._generated, lambda chain: _named(chain, name)),
            self._surroundings,
        )
        self._others[name] = deployment
        path = chainlet_path(self._settings.model_id, name)
        self._surroundings.chainlets[path] = deployment.capacity
        return deployment

    async def _when_ready(
        self, ready: dict[str, asyncio.Event], chain: BuiltChain, on_ready: Callable[[], None]
    ) -> None:
        reload = self._hot_reload() if self._settings.is_watched else None
        await _all_of(ready, [each.name for each in chain.chainlets])()
        on_ready()
        if reload is not None:
            await reload()

    def _hot_reload(self) -> Callable[[], Awaitable[None]]:
        from async_emulator.trusses.watching.hot_reload import (
            HotReload,  # only who watches waits for its import
        )

        return HotReload(self._sources, self._redeploy, self._surroundings.announce).run

    def _sources(self) -> list[Path]:
        built = self._generated.built
        return [self._settings.path.parent, *(built.sources if built else ())]

    async def _redeploy(self) -> None:
        before = self._generated.built
        chain = await self._generate()
        names = {each.name for each in chain.chainlets}
        if names != {*self._others, *([before.entrypoint.name] if before else [])}:
            self._generated.built = before
            raise NotAChain(f"{self._settings.path}: its chainlets are others now: stop, and serve it again")
        for each in chain.chainlets:
            await self._others.get(each.name, self._entrypoint.deployment).redeploy()

    @property
    def _is_ready(self) -> bool:
        others = self._others.values()
        return self._entrypoint.deployment.is_ready and all(other.is_ready for other in others)

    def _wake(self) -> None:
        for deployment in (self._entrypoint.deployment, *self._others.values()):
            deployment.wake()

    def _url_of(self, name: str) -> str:
        return self._surroundings.base_url + chainlet_path(self._settings.model_id, name)


def _named(chain: BuiltChain, name: str) -> Chainlet:
    return next(chainlet for chainlet in chain.chainlets if chainlet.name == name)


def _all_of(events: dict[str, asyncio.Event], names: Iterable[str]) -> Callable[[], Awaitable[None]]:
    async def wait() -> None:
        for name in names:
            await events[name].wait()

    return wait
