"""A chain: the file that is to be served, and what serves it.

Its entrypoint has a queue before it; the other chainlets are called by chainlets alone.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from async_emulator.deployments.deployment import Deployment
from async_emulator.deployments.platform import Platform
from async_emulator.deployments.queued_deployment import QueuedDeployment
from async_emulator.deployments.served import ServedSettings
from async_emulator.deployments.task_group import together
from async_emulator.errors import BadStub, DockerUnavailable, NotAChain
from async_emulator.settings.deployment import DeploymentSettings
from async_emulator.trusses.chain import BuiltChain, Chainlet, build_chain, check_chain
from async_emulator.trusses.chainlet_source import ChainletSource, GeneratedChain
from async_emulator.trusses.stubs.stub import check_stubs
from async_inference.codes import Kind

_API_KEY_VARIABLE = "TRUSS_SECRET_baseten_chain_api_key"
"""The secret with which truss lets chainlets call each other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainSettings(ServedSettings):
    """One chain with one deployment, whose path is the file that holds the entrypoint.

    `deployment` is the entrypoint's, its `model_id` the chain's id; the other chainlets are deployed alike.
    """

    kind = Kind.CHAIN
    submit_operation = "async_run_remote"

    @property
    def truss_dirs(self) -> list[Path]:
        """None: a chainlet becomes a Truss when it is generated."""
        return []

    def check(self) -> None:
        """Raise NotAChain where the file holds no chain, BadStub, and DockerUnavailable."""
        check_chain(self.path)
        if self.deployment.substitutes.with_docker:
            raise DockerUnavailable("chainlets in containers cannot call each other here")
        check_stubs(self.deployment.substitutes)

    def open(self, platform: Platform) -> "ServedChain":
        """Return what serves it. Needs a running event loop."""
        return ServedChain(self.deployment, platform)


class ServedChain:
    """One chain with one deployment. See Served.

    `settings` are those of the entrypoint; the other chainlets are deployed alike.
    """

    def __init__(self, settings: DeploymentSettings, platform: Platform) -> None:
        api_key = platform.chainlets.api_key
        self._settings = replace(settings, environ={**settings.environ, _API_KEY_VARIABLE: api_key})
        self._platform = platform
        self._generated = GeneratedChain(settings.path, platform.chainlets.base_url, settings.model_id)
        self._others: dict[str, Deployment] = {}
        self.target = _Entrypoint(self._settings, self._generated, platform, self._others)

    @property
    def display_name(self) -> str | None:
        """The chain's display name; None until the chain has been generated."""
        return self._generated.built.name if self._generated.built else None

    @property
    def deployments(self) -> Sequence[Deployment]:
        """The entrypoint's deployment, and once the chain is generated, those of the other chainlets."""
        return [self.target, *self._others.values()]

    async def run(self, ready: asyncio.Event) -> None:
        """Generate the chain, deploy each chainlet after those that it calls, and serve until cancelled.

        Sets `ready` when every chainlet is ready. Raises NotAChain, and what Deployment.run raises.
        """
        chain = await self._generate()
        deployments = {each.name: self._deployment_of(each) for each in chain.chainlets}
        deployed = {name: asyncio.Event() for name in deployments}
        duties = [
            deployments[each.name].run(deployed[each.name], [deployed[name] for name in each.dependencies])
            for each in chain.chainlets
        ]
        duties.append(_set_after(list(deployed.values()), ready))
        if self._settings.is_watched:
            duties.append(self._reload(ready))
        await together(*duties)

    async def _generate(self) -> BuiltChain:
        settings = self._settings
        self._platform.console.announce(f"generating {settings.path}")
        chain = await build_chain(
            settings.path,
            self._platform.cache,
            self._platform.truss,
            settings.entrypoint,
            has_stubs=bool(settings.substitutes.stubs),
        )
        self._check_stubs(chain)
        self._generated.built = chain
        return chain

    def _check_stubs(self, chain: BuiltChain) -> None:
        """Raise BadStub where a stub is for no chainlet of the chain."""
        names = [chainlet.name for chainlet in chain.chainlets]
        for name, file in self._settings.substitutes.stubs.items():
            if name not in names:
                raise BadStub(f"{name}={file}", f"{self._settings.path} has the chainlets {', '.join(names)}")

    def _deployment_of(self, chainlet: Chainlet) -> Deployment:
        if chainlet.is_entrypoint:
            return self.target
        name, chain_id = chainlet.name, self._settings.model_id
        digest = hashlib.sha256(f"{chain_id}/{name}".encode()).hexdigest()
        deployment = Deployment(
            replace(self._settings, model_id=digest[:8], deployment_id=digest[8:15]),
            ChainletSource(self._generated, self._settings.substitutes.stubs, name),
            self._platform,
        )
        self._others[name] = deployment
        self._platform.chainlets.add(chain_id, name, deployment.capacity)
        return deployment

    async def _reload(self, ready: asyncio.Event) -> None:
        from async_emulator.trusses.watching.hot_reload import HotReload  # imported only where it is used

        reload = HotReload(self, self._platform.console.announce)
        await ready.wait()
        await reload.run()

    def sources(self) -> list[Path]:
        """Return the folders that hold the files of the chain and of what it imports."""
        built = self._generated.built
        return [self._settings.path.parent, *(built.sources if built else ())]

    async def redeploy(self) -> None:
        """Deploy the chain as it is now. Where this raises an EmulatorError, what runs stays."""
        before = self._generated.built
        chain = await self._generate()
        names = {each.name for each in chain.chainlets}
        if names != {*self._others, *([before.entrypoint.name] if before else [])}:
            self._generated.built = before
            raise NotAChain(f"{self._settings.path}: its chainlets are others now: stop, and serve it again")
        for each in chain.chainlets:
            await self._others.get(each.name, self.target).redeploy()


class _Entrypoint(QueuedDeployment):
    """The deployment of a chain's entrypoint: ready when all chainlets are, and waking them all."""

    def __init__(
        self,
        settings: DeploymentSettings,
        generated: GeneratedChain,
        platform: Platform,
        others: Mapping[str, Deployment],
    ) -> None:
        super().__init__(
            settings,
            ChainletSource(generated, settings.substitutes.stubs),
            platform,
            kind=Kind.CHAIN,
            owner_id=settings.model_id,
        )
        self._others = others

    @property
    def is_ready(self) -> bool:
        """Whether every chainlet can predict."""
        return super().is_ready and all(other.is_ready for other in self._others.values())

    def wake(self) -> None:
        """Start a replica of each chainlet that has none."""
        super().wake()
        for other in self._others.values():
            other.wake()


async def _set_after(events: Sequence[asyncio.Event], event: asyncio.Event) -> None:
    for each in events:
        await each.wait()
    event.set()
