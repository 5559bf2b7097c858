"""Find files that a push would take into the image by mistake, or leave out.

A `.truss_ignore` at the root of a Truss replaces Truss's own list, so even a file of one line lets in
everything that the built-in list keeps out (truss 0.18.35, `truss/util/path.py`).
"""

from importlib.util import find_spec
from pathlib import Path

import pathspec

NAME = ".truss_ignore"

# Checked even if they are missing here: they hold secrets or gigabytes, and exist on other machines.
_NEVER = (".git/config", ".venv/bin/python")
# Checked if they exist: the platform's side, the caller's side, their tests, and a file of secrets.
_NOT_IF_THERE = (
    "packages/async_conformance",
    "packages/async_emulator",
    "packages/async_inference",
    "tests",
    ".env",
)


def strays(truss_dir: Path) -> list[str]:
    """Return the names, relative to the Truss, of files and folders that should stay out but would not."""
    looked_at = {name.partition("/")[0]: name for name in _NEVER}
    for name in _NOT_IF_THERE:
        path = truss_dir / name
        if path.is_dir():
            looked_at[name] = f"{name}/__init__.py"
        elif path.exists():
            looked_at[name] = name
    return [name for name, file in looked_at.items() if not is_left_out(truss_dir, file)]


def is_left_out(truss_dir: Path, file: str) -> bool:
    """Return whether a push would leave out this file, named relative to the Truss."""
    return pathspec.GitIgnoreSpec.from_lines(_lines(truss_dir)).match_file(file)


def _lines(truss_dir: Path) -> list[str]:
    own = truss_dir / NAME
    lines = own.read_text(encoding="utf-8").splitlines() if own.is_file() else _built_in()
    return [line.strip() for line in lines]


def _built_in() -> list[str]:
    """Read Truss's own list, without importing Truss, which takes seconds."""
    found = find_spec("truss")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder, "util", NAME)
        if path.is_file():
            return path.read_text(encoding="utf-8").splitlines()
    return [".git", ".venv", ".env", "__pycache__/"]
