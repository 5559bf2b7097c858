"""Which folders are watched, and when a change is told of; the system's notifications are played."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from async_emulator.trusses.watching.watcher import TrussWatcher


class Notifications:
    """Who is watching now, and what tells them that something has changed."""

    def __init__(self) -> None:
        self.watched: dict[tuple[Path, ...], asyncio.Queue[object]] = {}

    async def watch(self, *paths: Path, recursive: bool) -> AsyncIterator[object]:
        changes = self.watched[paths] = asyncio.Queue()
        try:
            while True:
                yield await changes.get()
        finally:
            del self.watched[paths]


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class Watching:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "truss"
        for name in ("model", ".git", "__pycache__"):
            (self.root / name).mkdir(parents=True)
        self.folders = [self.root]
        self.notifications = Notifications()
        self.watcher = TrussWatcher(self, self.notifications.watch)

    def sources(self) -> list[Path]:
        return self.folders

    async def change(self, *paths: Path) -> None:
        self.notifications.watched[paths].put_nowait({"a change"})
        await settle()

    async def has_changed(self) -> bool:
        """Whether something has changed since this was asked the last time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0):
                await self.watcher.wait()
                return True
        return False


@pytest.fixture
async def watching(tmp_path: Path) -> AsyncIterator[Watching]:
    watching = Watching(tmp_path)
    running = asyncio.create_task(watching.watcher.run())
    await settle()
    yield watching
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert watching.notifications.watched == {}


async def test_what_truss_leaves_out_is_not_watched(watching):
    assert set(watching.notifications.watched) == {(watching.root,), (watching.root / "model",)}


async def test_whoever_waits_looks_once_when_the_watch_begins(watching):
    assert await watching.has_changed()
    assert not await watching.has_changed()


async def test_a_change_at_the_top_and_one_below_are_told_of(watching):
    await watching.has_changed()
    for paths in ((watching.root,), (watching.root / "model",)):
        await watching.change(*paths)
        assert await watching.has_changed()
        assert not await watching.has_changed()


async def test_many_changes_are_told_of_once(watching):
    await watching.has_changed()
    for _ in range(3):
        await watching.change(watching.root)
    assert await watching.has_changed()
    assert not await watching.has_changed()


async def test_a_folder_that_appears_is_watched_too(watching):
    (watching.root / "packages").mkdir()
    await watching.change(watching.root)
    below = (watching.root / "model", watching.root / "packages")
    assert set(watching.notifications.watched) == {(watching.root,), below}
    await watching.has_changed()
    await watching.change(*below)
    assert await watching.has_changed()


async def test_a_folder_outside_is_watched_once_it_is_named_and_there(watching, tmp_path):
    (tmp_path / "shared").mkdir()
    watching.folders = [watching.root, tmp_path / "shared", tmp_path / "not there yet"]
    await watching.change(watching.root)
    below = (tmp_path / "shared", watching.root / "model")
    assert set(watching.notifications.watched) == {(watching.root,), below}
