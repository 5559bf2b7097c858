"""What a push would take into the image that has no business there, and what it would leave out.

`.truss_ignore` at the root of a Truss replaces Truss's own list, so a file with one line of one's own lets in
what the built-in list kept out (truss 0.18.35, `truss/util/path.py`).
"""

from importlib.util import find_spec
from pathlib import Path

import pathspec

NAME = ".truss_ignore"

# Always looked at: they hold secrets or gigabytes, and on another machine they are there.
_NEVER = (".git/config", ".venv/bin/python")
# Looked at where they are: the platform's side and the caller's, and what tests them.
_NOT_IF_THERE = ("packages/async_emulator", "packages/async_inference", "tests", ".env")


def strays(truss_dir: Path) -> list[str]:
    """The names, relative to the Truss, of what should stay out and would not."""
    looked_at = {name.partition("/")[0]: name for name in _NEVER}
    for name in _NOT_IF_THERE:
        path = truss_dir / name
        if path.is_dir():
            looked_at[name] = f"{name}/__init__.py"
        elif path.exists():
            looked_at[name] = name
    return [name for name, file in looked_at.items() if not is_left_out(truss_dir, file)]


def is_left_out(truss_dir: Path, file: str) -> bool:
    """Whether a push would leave out the file of this name, relative to the Truss."""
    return pathspec.GitIgnoreSpec.from_lines(_lines(truss_dir)).match_file(file)


def _lines(truss_dir: Path) -> list[str]:
    own = truss_dir / NAME
    lines = own.read_text(encoding="utf-8").splitlines() if own.is_file() else _built_in()
    return [line.strip() for line in lines]


def _built_in() -> list[str]:
    """Truss's own list. Truss itself takes seconds to import, so it is only looked up."""
    found = find_spec("truss")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder, "util", NAME)
        if path.is_file():
            return path.read_text(encoding="utf-8").splitlines()
    return [".git", ".venv", ".env", "__pycache__/"]
