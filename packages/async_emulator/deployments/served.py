"""A model or a chain: its settings, from one argument of `truss-async serve`, and what serves it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from async_emulator.deployments.platform import Platform
from async_emulator.deployments.target import Target
from async_emulator.prediction.capacity import Capacity
from async_emulator.settings.deployment import DeploymentSettings
from async_inference.codes import Kind


class ControlledDeployment(Protocol):
    """A deployment as the control path and the metrics see it."""

    @property
    def deployment_id(self) -> str:
        """The deployment's id."""
        ...

    @property
    def chainlet(self) -> str | None:
        """The name of the chainlet that runs here; None: it is not known yet, or this is a model."""
        ...

    @property
    def active_replicas(self) -> int:
        """The number of replicas that are ready."""
        ...

    @property
    def starting_replicas(self) -> int:
        """The number of replicas that are being started."""
        ...

    @property
    def capacity(self) -> Capacity:
        """The slots of its replicas."""
        ...

    def hold(self, is_held: bool) -> None:
        """Start no queued request for as long as it is held."""
        ...

    def kill_replica(self, index: int) -> bool:
        """End the replica at `index` (0 is the oldest) with `kill -9`; False: there is none."""
        ...


class Served(Protocol):
    """A model or a chain while it is served."""

    @property
    def target(self) -> Target:
        """The deployment that callers reach."""
        ...

    @property
    def display_name(self) -> str | None:
        """The name of the model or the chain; None: it is not known yet."""
        ...

    @property
    def deployments(self) -> Sequence[ControlledDeployment]:
        """Every deployment that runs for it, as far as known; callers reach the first."""
        ...

    async def run(self, ready: asyncio.Event) -> None:
        """Deploy, set `ready`, and serve until cancelled. Raises EmulatorError."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ServedSettings(ABC):
    """The settings of a model or a chain. `deployment` is the one that callers reach."""

    deployment: DeploymentSettings

    kind: ClassVar[Kind]
    submit_operation: ClassVar[str]
    """The last step of the path that queues a request."""

    @property
    def path(self) -> Path:
        """The folder of the Truss, or the file of the chain."""
        return self.deployment.path

    @property
    def title(self) -> str:
        """One line with its ids, for a person."""
        return f"{self.kind} {self.deployment.model_id}, deployment {self.deployment_id}"

    @property
    def host(self) -> str:
        """The platform's host for it."""
        return f"{self.kind}-{self.deployment.model_id}.api.baseten.co"

    @property
    def environ(self) -> Mapping[str, str]:
        """Environment variables for its models."""
        return self.deployment.environ

    @property
    def environment(self) -> str | None:
        """The environment in which it is deployed; None: none in particular."""
        return self.deployment.environment

    @property
    def deployment_id(self) -> str:
        """The id of the deployment that callers reach."""
        return self.deployment.deployment_id

    @property
    def is_watched(self) -> bool:
        """Whether it is built again when its files change."""
        return self.deployment.is_watched

    @property
    @abstractmethod
    def truss_dirs(self) -> Sequence[Path]:
        """The folders whose config.yaml can be checked before anything is built."""

    @abstractmethod
    def check(self) -> None:
        """Raise UsageProblem where a look at the files shows that it cannot be served."""

    @abstractmethod
    def open(self, platform: Platform) -> Served:
        """Return what serves it. Needs a running event loop."""
