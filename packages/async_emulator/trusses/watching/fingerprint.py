"""The files that something is built from: which they are, and whether they have changed.

What truss leaves out of an image is left out here too.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pathspec

_LARGE = 1 << 24
"""Bytes, from which on a file is known by its place, its size and its time: weights, not code."""


def fingerprint(folders: Sequence[Path]) -> str:
    """Changes whenever a file that truss would read in one of these changes, or truss does.

    Wherever the folders lie, and whenever their files were written, the same files have the same fingerprint.
    """
    digest = hashlib.blake2b(f"truss {importlib.metadata.version('truss')}".encode(), digest_size=16)
    for number, folder in enumerate(folders):
        for path in sorted(_files(folder)):
            digest.update(f"\n{number} {path.relative_to(folder)} ".encode())
            digest.update(_content(path))
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    """What tells the file's content from any other. A large one is not read each time."""
    stat = path.stat()
    if stat.st_size > _LARGE:
        return f"{path} {stat.st_size} {stat.st_mtime_ns}".encode()
    return hashlib.blake2b(path.read_bytes()).digest()


def is_taken(root: Path, folder: Path) -> bool:
    """Whether truss looks into a folder below `root`."""
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
    """What truss leaves out: the folder's own `.truss_ignore`, or truss's built-in list."""
    ignore_file = folder / ".truss_ignore"
    if not ignore_file.is_file():
        truss = importlib.util.find_spec("truss")
        if truss is None or truss.origin is None:
            raise ModuleNotFoundError("truss is not installed")
        ignore_file = Path(truss.origin).parent / "util" / ".truss_ignore"
    lines = ignore_file.read_text(encoding="utf-8").splitlines()
    return pathspec.GitIgnoreSpec.from_lines(lines)
