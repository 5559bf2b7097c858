"""A change of a Truss's files is deployed at once; one that does not load changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from async_emulator.build_context import fingerprint
from async_emulator.errors import EmulatorError
from async_emulator.truss_watcher import TrussWatcher


class HotReload:
    """Watches a Truss. `deploy` puts it, as it is then, in the place of what runs; else EmulatorError."""

    def __init__(
        self, truss_dir: Path, deploy: Callable[[], Awaitable[None]], announce: Callable[[str], None]
    ) -> None:
        self._truss_dir = truss_dir
        self._deploy = deploy
        self._announce = announce
        self._deployed = fingerprint(truss_dir)

    async def run(self) -> None:
        """Watch until cancelled."""
        watcher = TrussWatcher(self._truss_dir)
        watching = asyncio.create_task(watcher.run())
        try:
            while True:
                await watcher.wait()
                await self._reload()
        finally:
            watching.cancel()

    async def _reload(self) -> None:
        try:
            found = fingerprint(self._truss_dir)
            if found == self._deployed:
                return
            self._deployed = found
            self._announce("reloading: the files have changed")
            await self._deploy()
            self._announce("reloaded")
        except (EmulatorError, OSError) as error:
            self._announce(f"not reloaded, what ran before goes on: {error}")
