"""Deploy each change of a Truss's files at once. A change that does not load leaves the old replicas."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from async_emulator.errors import EmulatorError
from async_emulator.trusses.watching.fingerprint import fingerprint
from async_emulator.trusses.watching.watcher import HasSources, TrussWatcher


class Reloadable(HasSources, Protocol):
    """A model or a chain that can be deployed again."""

    async def redeploy(self) -> None:
        """Deploy the present files. Raises EmulatorError, and then changes nothing."""
        ...


class HotReload:
    """Watches the files of what is `served`, and deploys each change of them."""

    def __init__(self, served: Reloadable, announce: Callable[[str], None]) -> None:
        self._served = served
        self._announce = announce
        self._deployed = fingerprint(served.sources())

    async def run(self) -> None:
        """Watch until cancelled."""
        watcher = TrussWatcher(self._served)
        watching = asyncio.create_task(watcher.run())
        try:
            while True:
                await watcher.wait()
                await self._reload()
        finally:
            watching.cancel()

    async def _reload(self) -> None:
        try:
            found = fingerprint(self._served.sources())
            if found == self._deployed:
                return
            self._deployed = found
            self._announce("reloading: the files have changed")
            await self._served.redeploy()
            self._announce("reloaded")
        except (EmulatorError, OSError) as error:
            self._announce(f"not reloaded, what ran before goes on: {error}")
