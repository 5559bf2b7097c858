"""Notices when the files of a Truss change, by the system's own notifications."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import watchfiles

from async_emulator.build_context import external_packages, is_taken


class TrussWatcher:
    """Watches all that a Truss's image is made from; what truss leaves out, a virtual environment or
    a repository, is not looked at.
    """

    def __init__(self, truss_dir: Path) -> None:
        self._truss_dir = truss_dir
        self._changed = asyncio.Event()

    async def wait(self) -> None:
        """Return once something has changed since this returned the last time."""
        await self._changed.wait()
        self._changed.clear()

    async def run(self) -> None:
        """Watch until cancelled."""
        folders = self._folders()
        below = asyncio.create_task(self._watch_below(folders))
        try:
            async for _ in self._changes_of(self._truss_dir, recursive=False):
                if (found := self._folders()) != folders:
                    await _cancel(below)
                    folders = found
                    below = asyncio.create_task(self._watch_below(folders))
        finally:
            await _cancel(below)

    async def _watch_below(self, folders: Sequence[Path]) -> None:
        async for _ in self._changes_of(*folders, recursive=True):
            pass

    async def _changes_of(self, *paths: Path, recursive: bool) -> AsyncIterator[None]:
        # What has changed before the watch began shows in no notification: whoever waits looks once it has.
        asyncio.get_running_loop().call_soon(self._changed.set)
        async for _ in watchfiles.awatch(*paths, recursive=recursive):
            self._changed.set()
            yield

    def _folders(self) -> list[Path]:
        inside = [
            path for path in self._truss_dir.iterdir() if path.is_dir() and is_taken(self._truss_dir, path)
        ]
        outside = [path for path in external_packages(self._truss_dir) if path.is_dir()]
        return sorted([*inside, *outside])


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
