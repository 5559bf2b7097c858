"""Deploy each change of a Truss's files at once. A change that does not load leaves the old replicas."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from async_emulator.errors import EmulatorError
from async_emulator.trusses.watching.fingerprint import fingerprint
from async_emulator.trusses.watching.watcher import TrussWatcher


class HotReload:
    """Watches the folders of `sources`. `deploy` deploys their present files, or raises EmulatorError."""

    def __init__(
        self,
        sources: Callable[[], Sequence[Path]],
        deploy: Callable[[], Awaitable[None]],
        announce: Callable[[str], None],
    ) -> None:
        self._sources = sources
        self._deploy = deploy
        self._announce = announce
        self._deployed = fingerprint(sources())

    async def run(self) -> None:
        """Watch until cancelled."""
        watcher = TrussWatcher(self._sources)
        watching = asyncio.create_task(watcher.run())
        try:
            while True:
                await watcher.wait()
                await self._reload()
        finally:
            watching.cancel()

    async def _reload(self) -> None:
        try:
            found = fingerprint(self._sources())
            if found == self._deployed:
                return
            self._deployed = found
            self._announce("reloading: the files have changed")
            await self._deploy()
            self._announce("reloaded")
        except (EmulatorError, OSError) as error:
            self._announce(f"not reloaded, what ran before goes on: {error}")
