"""The folders that the emulator builds once and keeps: build contexts, chains, Python environments.

Several emulators share one cache. Each registers the folders that it uses in a file of its own, which it
keeps locked until it ends, however it ends: a register that is not locked is a dead emulator's.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from async_emulator.disk import writing_to

_REGISTERS = "in-use"
_LOCK = "lock"
_BUILDING, _REMOVING = ".building-", ".removing-"


class BuildCache:
    """The cache in one folder, for one process. Close it; what the process uses is safe until then."""

    def __init__(self, cache_dir: Path) -> None:
        self.environments_dir = cache_dir / "environments"
        self.contexts_dir = cache_dir / "contexts"
        self.chains_dir = cache_dir / "chains"
        self._cache_dir = cache_dir
        self._register: BinaryIO | None = None
        self._used: set[Path] = set()

    def use(self, folder: Path) -> bool:
        """Keep `folder` from being removed while this process lives; False: it does not exist."""
        if folder not in self._used:
            # Where the cache takes no more, or may only be read, what is there is used all the same.
            with contextlib.suppress(OSError), self._locked(fcntl.LOCK_SH):
                if folder.is_dir():
                    self._add(folder)
                    os.utime(folder)  # the time of the last use
        return folder.is_dir()

    @contextlib.contextmanager
    def building(self, wanted: Path) -> Iterator[Path]:
        """Lend a new folder beside `wanted`, to be filled, of which a part is then put in place.

        Raises DiskFull where the disk takes no more.
        """
        folder = wanted.with_name(f"{_BUILDING}{secrets.token_hex(8)}")
        with writing_to(wanted.parent):
            wanted.parent.mkdir(parents=True, exist_ok=True)
            with self._locked(fcntl.LOCK_SH):
                self._add(folder)
            try:
                folder.mkdir()
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def put_in_place(self, built: Path, wanted: Path) -> None:
        """Rename a folder, unless another process has put one there first, and use it."""
        try:
            built.rename(wanted)
        except OSError:
            if not wanted.is_dir():
                raise
        self.use(wanted)

    def folders(self) -> list[Path]:
        """Return every finished folder of the cache."""
        parents = (self.environments_dir, self.contexts_dir, self.chains_dir)
        return sorted(
            each
            for parent in parents
            if parent.is_dir()
            for each in parent.iterdir()
            if each.is_dir() and not each.name.startswith((_BUILDING, _REMOVING))
        )

    def used(self) -> set[Path]:
        """Return the folders that living processes use, or are building."""
        with self._locked(fcntl.LOCK_EX):
            return self._registered()

    def remove(self, folder: Path) -> bool:
        """Delete a folder, unless a living process uses it; return whether it was deleted."""
        removing = folder.with_name(f"{_REMOVING}{secrets.token_hex(8)}")
        with self._locked(fcntl.LOCK_EX):
            if folder in self._registered():
                return False
            folder.rename(removing)
        shutil.rmtree(removing, ignore_errors=True)
        return True

    def remove_leftovers(self) -> None:
        """Delete what killed processes were building or removing."""
        for parent in (self.environments_dir, self.contexts_dir, self.chains_dir):
            for pattern in (f"{_BUILDING}*", f"{_REMOVING}*"):
                for folder in parent.glob(pattern):
                    with contextlib.suppress(OSError):  # another process removes it
                        self.remove(folder)

    def close(self) -> None:
        """Use no folder any more."""
        if self._register is not None:
            Path(self._register.name).unlink(missing_ok=True)
            self._register.close()
            self._register = None

    def _add(self, folder: Path) -> None:
        if self._register is None:
            registers = self._cache_dir / _REGISTERS
            registers.mkdir(parents=True, exist_ok=True)
            path = registers / secrets.token_hex(8)
            self._register = path.open("xb", buffering=0)
            fcntl.flock(self._register, fcntl.LOCK_EX)
        self._register.write(os.fsencode(folder) + b"\n")
        self._used.add(folder)

    def _registered(self) -> set[Path]:
        """Read the registers of living processes, and delete the others. The caller holds the lock alone."""
        found: set[Path] = set()
        for register in self._cache_dir.glob(f"{_REGISTERS}/*"):
            with contextlib.suppress(FileNotFoundError), register.open("rb") as opened:
                if _is_locked(opened):
                    found.update(Path(os.fsdecode(line)) for line in opened.read().splitlines())
                else:
                    register.unlink()
        return found

    @contextlib.contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        """Hold the lock of the cache: shared to use a folder, alone to remove one."""
        self._cache_dir.mkdir(parents=True, exist_ok=True)
        with (self._cache_dir / _LOCK).open("a") as lock:
            fcntl.flock(lock, kind)
            yield


def _is_locked(register: BinaryIO) -> bool:
    """Whether the process that wrote the register lives."""
    try:
        fcntl.flock(register, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
