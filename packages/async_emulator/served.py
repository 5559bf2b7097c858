"""What one argument of `truss-async serve` becomes."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from async_emulator.control import ControlledDeployment
from async_emulator.surroundings import Surroundings
from async_emulator.target import Target


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


class ServedSettings(Protocol):
    """A model or a chain that is to be served."""

    @property
    def path(self) -> Path:
        """The folder or file that was named."""
        ...

    @property
    def truss_dirs(self) -> Sequence[Path]:
        """The folders whose settings can be checked before anything is built."""
        ...

    @property
    def title(self) -> str:
        """What a person should know of its ids."""
        ...

    @property
    def environ(self) -> Mapping[str, str]:
        """Variables for its models."""
        ...

    @property
    def environment(self) -> str | None:
        """The name of the environment that it is deployed in, if it has one."""
        ...

    @property
    def deployment_id(self) -> str:
        """The deployment that callers reach."""
        ...

    @property
    def is_watched(self) -> bool:
        """Whether it is built again when its files change."""
        ...

    @property
    def host(self) -> str:
        """The platform's host for it."""
        ...

    @property
    def submit_operation(self) -> str:
        """The last step of the path that queues a request."""
        ...

    def check(self) -> None:
        """Raise UsageProblem where it is plain at once that it cannot be served."""
        ...

    def open(self, surroundings: Surroundings) -> Served:
        """What serves it. Needs a running event loop."""
        ...
