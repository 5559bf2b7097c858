"""Notices changes of a Truss's files by the system's notifications."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

import watchfiles

from async_emulator.trusses.watching.fingerprint import is_taken


class Watch(Protocol):
    """The system's notifications."""

    def __call__(self, *paths: Path, recursive: bool) -> AsyncIterator[object]:
        """Yield at each change in one of the folders, or below them where `recursive`."""
        ...


class HasSources(Protocol):
    """A model or a chain with files that may change."""

    def sources(self) -> Sequence[Path]:
        """Return the folders that hold its files; the first is its own."""
        ...


class TrussWatcher:
    """Watches the folders of `watched`, which it asks for them again after each change.

    Subfolders of the first folder that truss leaves out (such as a repository) are not watched.
    """

    def __init__(self, watched: HasSources, watch: Watch = watchfiles.awatch) -> None:
        self._watched = watched
        self._watch = watch
        self._changed = asyncio.Event()

    async def wait(self) -> None:
        """Return once a file has changed since the last return."""
        await self._changed.wait()
        self._changed.clear()

    async def run(self) -> None:
        """Watch until cancelled."""
        folders = self._folders()
        below = asyncio.create_task(self._watch_below(folders))
        try:
            async for _ in self._changes_of(self._watched.sources()[0], recursive=False):
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
        # A change before the watch began causes no notification: the waiter looks once when it has begun.
        asyncio.get_running_loop().call_soon(self._changed.set)
        async for _ in self._watch(*paths, recursive=recursive):
            self._changed.set()
            yield

    def _folders(self) -> list[Path]:
        root, *others = self._watched.sources()
        inside = [path for path in root.iterdir() if path.is_dir() and is_taken(root, path)]
        return sorted([*inside, *(path for path in others if path.is_dir())])


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
