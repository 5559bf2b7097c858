"""Folders on a disk that may be full."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from async_emulator.errors import DiskFull

_REASONS = {code: os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT)}
_ALMOST_FULL_BYTES = 1_048_576


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Raise DiskFull in place of an OSError that says that the disk takes no more."""
    try:
        yield
    except OSError as error:
        if (reason := reason_in(str(error))) is not None:
            raise DiskFull(folder, disk_of(folder), reason) from error
        raise


def refuse_full(folder: Path, problem: str = "") -> None:
    """Raise DiskFull where the disk is full, or `problem`, another program's words, says so."""
    reason = reason_in(problem)
    status = os.statvfs(folder)
    if reason is None and status.f_bavail * status.f_frsize < _ALMOST_FULL_BYTES:
        reason = _REASONS[errno.ENOSPC]
    if reason is not None:
        raise DiskFull(folder, disk_of(folder), reason)


def reason_in(text: str) -> str | None:
    """Return the system's reason in an error's text, if it says that a disk takes no more.

    shutil's errors and those of other programs have no number, only the text.
    """
    return next((reason for reason in _REASONS.values() if reason in text), None)


def disk_of(folder: Path) -> Path:
    """Return the folder at which the disk is mounted that holds `folder`, or will hold it."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_mount())
