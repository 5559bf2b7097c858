"""Warns before a disk is full: the one of the queue, and the one of whatever is built."""

import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from async_emulator.clock import Clock
from async_emulator.console import Console

WARN_BELOW_BYTES = 256 * 1024**2
"""With less free space than this there is a warning. Our choice: one build may take as much."""

INTERVAL = timedelta(seconds=60)


class DiskSpace:
    """Watches the disks of `folders`, which need not exist yet."""

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        clock: Clock,
        console: Console,
        warn_below_bytes: int = WARN_BELOW_BYTES,
    ) -> None:
        self._folders = folders
        self._clock = clock
        self._console = console
        self._warn_below_bytes = warn_below_bytes
        self._warned: set[int] = set()

    async def run(self) -> None:
        """Look now, and once a minute until cancelled."""
        while True:
            self.look()
            await self._clock.sleep(INTERVAL.total_seconds())

    def look(self) -> None:
        """Warn of each disk that has got short of space since the last look."""
        short: dict[int, tuple[Path, int]] = {}
        for folder in map(_existing, self._folders):
            free = shutil.disk_usage(folder).free
            if free < self._warn_below_bytes:
                short.setdefault(folder.stat().st_dev, (folder, free))
        for disk in short.keys() - self._warned:
            folder, free = short[disk]
            self._console.announce(
                f"warning: the disk of {folder} has {free / 1e6:.0f} MB left; "
                "once it is full, requests are refused until there is room"
            )
        self._warned = set(short)


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())
