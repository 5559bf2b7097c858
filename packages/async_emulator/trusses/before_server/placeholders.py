"""Stand-ins for modules that a stub does without, such as torch.

Only an import by the model's own files gets one, only of what is not installed, and not where a `try` around
the import, or around a call that leads to it, expects its failure. So libraries find the machine as it is.
"""

import ast
import functools
import importlib.machinery
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_EXPLICIT = frozenset({"ImportError", "ModuleNotFoundError"})
_EXPECTED = _EXPLICIT | {"Exception", "BaseException"}
_ERROR_NAMES = ("Error", "Exception", "Warning")


class Placeholder:
    """Stands for anything in a module that is not installed.

    It takes what stands at the top of a module: it can be called, decorate, annotate, be a base class. It is
    false. Work with it, such as arithmetic, is a TypeError.
    """

    __iter__ = None  # else Python would ask for items by number, for ever

    def __init__(self, name: str) -> None:
        self.__dict__["__name__"] = name

    def __getattr__(self, name: str) -> Any:
        return _member(self.__dict__["__name__"], name)

    def __call__(self, *given: object, **named: object) -> Any:
        """Return the function or class that it decorates, or else a placeholder."""
        if len(given) == 1 and not named and isinstance(given[0], (types.FunctionType, type)):
            return given[0]
        return Placeholder(f"{self.__name__}()")

    def __getitem__(self, _: object) -> "Placeholder":
        return self

    def __or__(self, other: object) -> "Placeholder":
        return self

    __ror__ = __or__

    def __mro_entries__(self, _: "tuple[object, ...]") -> "tuple[type, ...]":
        return ()

    def __instancecheck__(self, _: object) -> bool:
        return False

    def __subclasscheck__(self, _: object) -> bool:
        return False

    def __bool__(self) -> bool:
        return False

    def __enter__(self) -> "Placeholder":
        return self

    def __exit__(self, *_: object) -> None:
        """End the block as if there were none."""

    def __repr__(self) -> str:
        return f"<{self.__name__}, which is not installed: --stub has a placeholder for it>"


class PlaceholderModule(types.ModuleType):
    """Stands for a module that is not installed. Every name in it is a placeholder."""

    def __getattr__(self, name: str) -> Any:
        """Return a placeholder. Python's own names, such as `__version__`, do not exist."""
        return _member(self.__name__, name)


def install(own_folders: Sequence[Path]) -> None:
    """Give placeholders from now on to what the files in `own_folders` import."""
    sys.meta_path.append(_Finder([folder.resolve() for folder in own_folders]))


class _Finder:
    """Comes last among Python's finders, and so is asked for what none of the others has."""

    def __init__(self, own_folders: "Sequence[Path]") -> None:
        self._own_folders = own_folders

    def find_spec(
        self, name: str, path: object = None, target: object = None
    ) -> "importlib.machinery.ModuleSpec | None":
        parent, _, _ = name.rpartition(".")
        if not isinstance(sys.modules.get(parent), PlaceholderModule):
            if parent or not self._is_wanted():
                return None
            print(f"warning: {name} is not installed: --stub has a placeholder for it", file=sys.stderr)
        return importlib.machinery.ModuleSpec(name, _Loader(), is_package=True)  # type: ignore[arg-type]

    def _is_wanted(self) -> bool:
        """Whether a file of the model's own imports it, and no caller of the import expects it to fail."""
        frame: types.FrameType | None = sys._getframe(2)
        while frame is not None and "importlib" in frame.f_code.co_filename:
            if frame.f_globals["__name__"] == "importlib.util":  # it only asks whether there is one
                return False
            frame = frame.f_back
        expected = _EXPECTED
        if frame is None or not self._is_own(frame):
            return False
        while frame is not None:
            if self._is_own(frame) and frame.f_lineno in _guarded_lines(frame.f_code.co_filename, expected):
                return False
            expected = _EXPLICIT  # who calls the importing function may catch every error for other reasons
            frame = frame.f_back
        return True

    def _is_own(self, frame: types.FrameType) -> bool:
        parents = Path(frame.f_code.co_filename).parents
        return any(folder in parents for folder in self._own_folders)


class _Loader:
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return PlaceholderModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to run."""


def _member(owner: str, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"{owner} is not installed: --stub has a placeholder for it, without {name}")
    if name.endswith(_ERROR_NAMES):
        return _error(f"{owner}.{name}")
    return Placeholder(f"{owner}.{name}")


@functools.cache
def _error(name: str) -> type:
    """Make a class that `except` takes."""
    return type(name.rpartition(".")[2], (Exception,), {"__module__": name.rpartition(".")[0]})


@functools.cache
def _guarded_lines(file: str, expected: "frozenset[str]") -> "frozenset[int]":
    """The lines of the file's `try` blocks that one of these errors does not leave."""
    tree = ast.parse(Path(file).read_bytes())
    return frozenset(
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and any(_catches(handler, expected) for handler in node.handlers)
        for statement in node.body
        for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    )


def _catches(handler: ast.ExceptHandler, expected: "frozenset[str]") -> bool:
    if handler.type is None:
        return expected == _EXPECTED
    return any(isinstance(node, ast.Name) and node.id in expected for node in ast.walk(handler.type))
