"""Writes what a model's server does before it serves: see `before_server`."""

import json
import shutil
import tokenize
from collections.abc import Mapping
from pathlib import Path

from async_emulator.errors import NotATruss
from async_emulator.trusses import before_server
from async_emulator.trusses.config import TrussConfig
from async_emulator.trusses.stubs.rewriting import with_stub
from async_emulator.trusses.stubs.stub import Stub


def lay_out_preparation(app: Path, *, own_folders: list[Path], places: Mapping[str, str], root: Path) -> Path:
    """Write the package that the server runs first, and return its folder.

    `places` are the absolute paths at which local folders are to be seen, for which `root` is an empty folder
    to work in. What the files in `own_folders` import gets placeholders.
    """
    package = app / before_server.PACKAGE
    source = Path(before_server.__file__).parent
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__"))
    root.mkdir()
    plan = {"mounts": dict(places), "root": str(root), "own_folders": list(map(str, own_folders))}
    (package / before_server.PLAN).write_text(json.dumps(plan), encoding="utf-8")
    return package


def lay_out_stub(stub: Stub, config: TrussConfig, app: Path, package: Path) -> None:
    """Put the stub in the place of the model's own predict and load. Raises NotATruss and BadStub."""
    shutil.copy2(stub.file, package / "stub.py")
    model_file = app / config.model_file
    source, encoding = "", "utf-8"
    if model_file.is_file():
        try:
            with tokenize.open(model_file) as opened:  # in the encoding that the file itself names
                source, encoding = opened.read(), opened.encoding
        except (SyntaxError, UnicodeDecodeError) as error:
            raise NotATruss(config.model_file, f"it cannot be read: {error}") from error
    model_file.parent.mkdir(exist_ok=True)
    changed = with_stub(config.model_file, source, config.model_class_name, stub)
    model_file.write_text(changed, encoding=encoding)
