"""The build context of a Truss, from which Baseten would build an image; truss itself writes it."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import yaml

from async_emulator.disk import refuse_full
from async_emulator.errors import NotATruss
from async_emulator.trusses.build_cache import BuildCache
from async_emulator.trusses.watching.fingerprint import fingerprint
from async_emulator.trusses.worker.client import TrussProcess


def check_truss(truss_dir: Path) -> None:
    """Raise NotATruss where the folder is plainly no Truss: a quick check without truss."""
    if truss_dir.is_file():
        raise NotATruss(truss_dir, "it is a file: give a Truss's folder, or the .py file of a chain")
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


async def build_context(
    truss_dir: Path, cache: BuildCache, truss: TrussProcess, left_out: Sequence[str] | None = ()
) -> Path:
    """Return the build context of the Truss's present files, built unless it is in the cache.

    The context has no settings of the keys that are `left_out` of config.yaml; None: it is to be built into
    an image, for which truss asks others what weights there are. Raises NotATruss where truss refuses the
    folder, and DiskFull.
    """
    check_truss(truss_dir)
    name = "-".join(
        [fingerprint(truss_sources(truss_dir)), *(["image"] if left_out is None else sorted(left_out))]
    )
    context = cache.contexts_dir / name
    if cache.use(context):
        return context
    with cache.building(context) as building:
        written = building / "context"
        if problem := await truss.write_context(truss_dir, written, left_out):
            refuse_full(cache.contexts_dir, problem)
            raise NotATruss(truss_dir / "config.yaml", problem)
        cache.put_in_place(written, context)
    return context
