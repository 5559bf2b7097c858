"""What emulators have left on this machine: what they built, and the state of what they served."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from async_emulator.errors import DataDirInUse, DataDirUnusable
from async_emulator.queue.left_queue import left_queue
from async_emulator.queue.queue_file import QUEUE_FILE
from async_emulator.trusses.build_cache import BuildCache

_BLOCK_BYTES = 512  # the unit of st_blocks (stat(2))
_QUEUE_FILES = f"{QUEUE_FILE}*"
_IN_USE = "in use"


@dataclass(frozen=True, kw_only=True, slots=True)
class Leftover:
    """One folder. `kept` is the reason why it is not removed; None: it may be.

    `size` is the bytes that it takes on the disk. Environments share files with each other and with the cache
    of uv: of a file with several names, each counts an equal part.
    """

    path: Path
    kind: str
    size: float
    last_used: datetime
    kept: str | None


class Leftovers:
    """The folders of one cache, and the data directories in one folder."""

    def __init__(self, cache: BuildCache, state_dir: Path) -> None:
        self._cache = cache
        self._state_dir = state_dir
        self._kinds = {
            cache.environments_dir: "environment",
            cache.contexts_dir: "build context",
            cache.chains_dir: "chain",
        }

    def __iter__(self) -> Iterator[Leftover]:
        """Yield each folder, those of the cache first."""
        folders = self._cache.folders()
        used = self._cache.used() if folders else set()
        for folder in folders:
            yield _leftover(folder, self._kinds[folder.parent], _IN_USE if folder in used else None)
        if self._state_dir.is_dir():
            for data_dir in sorted(each for each in self._state_dir.iterdir() if each.is_dir()):
                last_used = _last_used(data_dir)
                with _unless_kept(data_dir) as kept:
                    pass
                for file in data_dir.glob(_QUEUE_FILES):
                    os.utime(file, (last_used.timestamp(),) * 2)  # to look at a queue is no use of it
                yield _leftover(data_dir, "state", kept)

    def remove(self, leftover: Leftover) -> bool:
        """Delete the folder, unless it has come into use meanwhile; return whether it was deleted."""
        if leftover.path.parent in self._kinds:
            return self._cache.remove(leftover.path)
        with _unless_kept(leftover.path) as kept:
            if kept is None:
                shutil.rmtree(leftover.path)
        return kept is None


@contextlib.contextmanager
def _unless_kept(data_dir: Path) -> Iterator[str | None]:
    """Yield the reason to keep the data directory; None: no emulator can begin to use it meanwhile."""
    with contextlib.ExitStack() as stack:
        try:
            number = stack.enter_context(left_queue(data_dir))
        except DataDirInUse:
            yield _IN_USE
        except DataDirUnusable:
            yield "its queue cannot be read"
        else:
            yield f"{number:,} of its requests have not ended" if number else None


def _leftover(folder: Path, kind: str, kept: str | None) -> Leftover:
    size = 0.0
    for path in (folder, *folder.rglob("*")):
        with contextlib.suppress(OSError):  # deleted meanwhile
            status = path.lstat()
            size += status.st_blocks * _BLOCK_BYTES / (1 if path.is_dir() else status.st_nlink)
    return Leftover(path=folder, kind=kind, size=size, last_used=_last_used(folder), kept=kept)


def _last_used(folder: Path) -> datetime:
    newest = max(path.lstat().st_mtime for path in list(folder.glob(_QUEUE_FILES)) or [folder])
    return datetime.fromtimestamp(newest, UTC)
