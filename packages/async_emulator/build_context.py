"""What Baseten would build an image from, written by truss itself."""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pathspec
import yaml

from async_emulator.errors import NotATruss
from async_emulator.truss_process import TrussProcess


def check_truss(truss_dir: Path) -> None:
    """Raise NotATruss, at once and without truss, where the folder is plainly none."""
    if not truss_dir.is_dir():
        raise NotATruss(truss_dir, "there is no such folder")
    if not (truss_dir / "config.yaml").is_file():
        raise NotATruss(truss_dir, "no Truss: a Truss has a config.yaml (make one with 'truss init')")


async def build_context(truss_dir: Path, contexts_dir: Path, truss: TrussProcess) -> Path:
    """The build context of the Truss as it is now, made below `contexts_dir` if it is not there yet.

    Raises NotATruss where truss refuses the folder.
    """
    check_truss(truss_dir)
    context = contexts_dir / fingerprint(truss_dir)
    if context.is_dir():
        return context
    contexts_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=contexts_dir, prefix=".building-") as building:
        written = Path(building) / "context"
        if problem := await truss.write_context(truss_dir, written):
            raise NotATruss(truss_dir / "config.yaml", problem)
        try:
            written.rename(context)
        except OSError:
            if not context.is_dir():  # else another emulator was quicker
                raise
    return context


def fingerprint(truss_dir: Path) -> str:
    """Changes whenever a file that truss would read changes, or truss does."""
    digest = hashlib.sha256(f"truss {importlib.metadata.version('truss')} {truss_dir}".encode())
    for folder in (truss_dir, *external_packages(truss_dir)):
        for path in sorted(_files(folder)):
            stat = path.stat()
            digest.update(f"\n{path} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()[:32]


def external_packages(truss_dir: Path) -> Iterator[Path]:
    """The folders outside of the Truss whose contents its image gets."""
    with contextlib.suppress(yaml.YAMLError, UnicodeDecodeError, TypeError, AttributeError):
        config = yaml.safe_load((truss_dir / "config.yaml").read_text(encoding="utf-8"))
        for folder in config.get("external_package_dirs") or []:
            yield truss_dir / folder


def is_taken(truss_dir: Path, folder: Path) -> bool:
    """Whether truss looks into a folder of the Truss."""
    return not _ignored(truss_dir).match_file(f"{folder.relative_to(truss_dir)}/")


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
