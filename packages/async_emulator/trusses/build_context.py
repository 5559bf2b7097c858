"""The build context of a Truss, from which Baseten would build an image; truss itself writes it."""

import contextlib
from pathlib import Path

import yaml

from async_emulator.disk import refuse_full
from async_emulator.errors import NotATruss
from async_emulator.trusses.build_cache import BuildCache
from async_emulator.trusses.watching.fingerprint import fingerprint
from async_emulator.trusses.worker.client import TrussProcess


def check_truss(truss_dir: Path) -> None:
    """Raise NotATruss where the folder is plainly no Truss: a quick check without truss."""
    if not truss_dir.is_dir():
        raise NotATruss(truss_dir, "there is no such folder")
    if not (truss_dir / "config.yaml").is_file():
        raise NotATruss(truss_dir, "no Truss: a Truss has a config.yaml (make one with 'truss init')")


def truss_sources(truss_dir: Path) -> list[Path]:
    """Return the folders whose files an image of the Truss holds: its own first, then external packages."""
    folders = [truss_dir]
    with contextlib.suppress(OSError, yaml.YAMLError, UnicodeDecodeError, TypeError, AttributeError):
        config = yaml.safe_load((truss_dir / "config.yaml").read_text(encoding="utf-8"))
        folders += [truss_dir / folder for folder in config.get("external_package_dirs") or []]
    return folders


async def build_context(truss_dir: Path, cache: BuildCache, truss: TrussProcess) -> Path:
    """Return the build context of the Truss's present files, built unless it is in the cache.

    Raises NotATruss where truss refuses the folder, and DiskFull.
    """
    check_truss(truss_dir)
    context = cache.contexts_dir / fingerprint(truss_sources(truss_dir))
    if cache.use(context):
        return context
    with cache.building(context) as building:
        written = building / "context"
        if problem := await truss.write_context(truss_dir, written):
            refuse_full(cache.contexts_dir, problem)
            raise NotATruss(truss_dir / "config.yaml", problem)
        cache.put_in_place(written, context)
    return context
