"""What one argument of `truss-async serve` becomes."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from async_emulator.api.routing import Target
from async_emulator.deployments.controlled_deployment import ControlledDeployment
from async_emulator.deployments.platform import Surroundings
from async_emulator.settings.deployment import DeploymentSettings
from async_inference.codes import Kind


class Served(Protocol):
    """A model or a chain while it is served."""

    target: Target

    @property
    def controlled(self) -> Sequence[ControlledDeployment]:
        """Every deployment that runs for it, as far as known; the first is the one that callers reach."""
        ...

    def tell_name(self, tell: Callable[[str], None]) -> None:
        """Call `tell`, once, with the name of the model or the chain as soon as it is known."""
        ...

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Deploy, and serve until cancelled. `on_ready` is called once. Raises EmulatorError."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ServedSettings(ABC):
    """A model or a chain that is to be served. `deployment` is the one that callers reach."""

    deployment: DeploymentSettings

    kind: ClassVar[Kind]
    submit_operation: ClassVar[str]
    """The last step of the path that queues a request."""

    @property
    def path(self) -> Path:
        """The folder or file that was named."""
        return self.deployment.path

    @property
    def title(self) -> str:
        """What a person should know of its ids."""
        return f"{self.kind} {self.deployment.model_id}, deployment {self.deployment_id}"

    @property
    def host(self) -> str:
        """The platform's host for it."""
        return f"{self.kind}-{self.deployment.model_id}.api.baseten.co"

    @property
    def environ(self) -> Mapping[str, str]:
        """Variables for its models."""
        return self.deployment.environ

    @property
    def environment(self) -> str | None:
        """The name of the environment that it is deployed in, if it has one."""
        return self.deployment.environment

    @property
    def deployment_id(self) -> str:
        """The deployment that callers reach."""
        return self.deployment.deployment_id

    @property
    def is_watched(self) -> bool:
        """Whether it is built again when its files change."""
        return self.deployment.is_watched

    @property
    @abstractmethod
    def truss_dirs(self) -> Sequence[Path]:
        """The folders whose settings can be checked before anything is built."""

    @abstractmethod
    def check(self) -> None:
        """Raise UsageProblem where it is plain at once that it cannot be served."""

    @abstractmethod
    def open(self, surroundings: Surroundings) -> Served:
        """What serves it. Needs a running event loop."""
