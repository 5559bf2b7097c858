"""The files of a build: which they are, and whether they have changed.

Files that truss leaves out of an image are left out here too.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pathspec

_LARGE = 1 << 24
"""Bytes. A larger file (weights, not code) is identified by its path, size and time, not by its content."""


def fingerprint(folders: Sequence[Path]) -> str:
    """Identify the files that truss would read in these folders, and the version of truss.

    The same files have the same fingerprint in any place and with any times.
    """
    digest = hashlib.blake2b(f"truss {importlib.metadata.version('truss')}".encode(), digest_size=16)
    for number, folder in enumerate(folders):
        for path in sorted(_files(folder)):
            digest.update(f"\n{number} {path.relative_to(folder)} ".encode())
            digest.update(_content(path))
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    """Identify the file's content, without reading a large file each time."""
    stat = path.stat()
    if stat.st_size > _LARGE:
        return f"{path} {stat.st_size} {stat.st_mtime_ns}".encode()
    return hashlib.blake2b(path.read_bytes()).digest()


def is_taken(root: Path, folder: Path) -> bool:
    """Whether truss reads the folder below `root`."""
    return not _ignored(root).match_file(f"{folder.relative_to(root)}/")


def _files(folder: Path) -> Iterator[Path]:
    ignored = _ignored(folder)
    for parent, folders, names in os.walk(folder):
        base = Path(parent)
        relative = base.relative_to(folder)
        folders[:] = [name for name in folders if not ignored.match_file(f"{relative / name}/")]
        for name in names:
            if not ignored.match_file(str(relative / name)) and (base / name).exists():
                yield base / name


def _ignored(folder: Path) -> pathspec.GitIgnoreSpec:
    """The files that truss leaves out, by the folder's `.truss_ignore` or else truss's built-in list."""
    ignore_file = folder / ".truss_ignore"
    if not ignore_file.is_file():
        truss = importlib.util.find_spec("truss")
        if truss is None or truss.origin is None:
            raise ModuleNotFoundError("truss is not installed")
        ignore_file = Path(truss.origin).parent / "util" / ".truss_ignore"
    lines = ignore_file.read_text(encoding="utf-8").splitlines()
    return pathspec.GitIgnoreSpec.from_lines(lines)
