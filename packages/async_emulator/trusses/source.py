"""The source of a deployment's build context."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from async_emulator.settings.deployment import DeploymentSettings
from async_emulator.trusses.build_cache import BuildCache
from async_emulator.trusses.build_context import build_context
from async_emulator.trusses.worker.client import TrussProcess


class TrussSource(Protocol):
    """A Truss that can be built."""

    @property
    def name(self) -> str:
        """The name that marks its lines of output; empty where only one Truss is served."""
        ...

    @property
    def chainlet(self) -> str | None:
        """The name of the chainlet; None: it is not known yet, or this is a model."""
        ...

    async def context(self, announce: Callable[[str], None]) -> Path:
        """Return the build context of the present files. Raises UsageProblem."""
        ...

    def dynamic_config(self) -> Mapping[str, str]:
        """Return the text of each file that the platform mounts, by the file's name."""
        ...


class FolderSource:
    """A folder with a Truss. See TrussSource."""

    def __init__(self, settings: DeploymentSettings, cache: BuildCache, truss: TrussProcess) -> None:
        self.name = settings.name
        self.chainlet: str | None = None
        self._settings = settings
        self._cache = cache
        self._truss = truss

    async def context(self, announce: Callable[[str], None]) -> Path:
        """Return the build context of the folder."""
        announce(f"building {self._settings.path}")
        return await build_context(self._settings.path, self._cache, self._truss)

    def dynamic_config(self) -> Mapping[str, str]:
        """A Truss in a folder has no further files."""
        return {}
