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


def fingerprint(folders: Sequence[Path]) -> str:
    """Changes whenever a file that truss would read in one of these changes, or truss does.

    A file among the folders counts by its name: what is built there.
    """
    digest = hashlib.sha256(f"truss {importlib.metadata.version('truss')} ".encode())
    for folder in folders:
        digest.update(f"\n{folder}".encode())
        for path in sorted(_files(folder)):
            stat = path.stat()
            digest.update(f"\n{path} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()[:32]


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
