"""The source of a deployment's build context."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from async_emulator.settings.deployment import DeploymentSettings
from async_emulator.trusses.build_cache import BuildCache
from async_emulator.trusses.build_context import build_context
from async_emulator.trusses.config import own_settings
from async_emulator.trusses.needs import left_out, needs_of
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

    @property
    def place(self) -> str:
        """What a person calls its settings."""
        ...

    @property
    def stub(self) -> Path | None:
        """The file of its stand-in, if it has one."""
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
        self.place = str(settings.path / "config.yaml")
        self.stub = settings.substitutes.stubs.get("")
        self.chainlet: str | None = None
        self._settings = settings
        self._cache = cache
        self._truss = truss

    async def context(self, announce: Callable[[str], None]) -> Path:
        """Return the build context of the folder. Raises at once what `needs_of` raises."""
        announce(f"building {self._settings.path}")
        substitutes, path = self._settings.substitutes, self._settings.path
        if substitutes.with_docker:
            return await build_context(path, self._cache, self._truss, None)
        needs = needs_of(own_settings(path), substitutes, has_stub=self.stub is not None, place=self.place)
        for key in needs.left_out:  # what is left out of the context, nobody sees there
            announce(f"warning: {left_out(self.place, key)}")
        return await build_context(path, self._cache, self._truss, needs.left_out)

    def dynamic_config(self) -> Mapping[str, str]:
        """A Truss in a folder has no further files."""
        return {}
