"""Python files of a Truss or a chain, parsed and never run."""

import ast
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from async_inference.cli.checks.finding import Finding

_LONGEST = 1_000_000  # bytes: parsed code takes many times as much memory


class Unreadable(Exception):
    """A file that cannot be parsed. `finding` says why, or that it was not looked into."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.problem or finding.note)


def parsed(path: Path, *, subject: str, name: str, minor_version: int | None) -> ast.Module:
    """Parse the file, called `name` in messages, for this version of Python 3. Raises Unreadable."""
    try:
        size = path.stat().st_size
        if size > _LONGEST:
            note = f"{name}: found {size / 1e6:,.1f} MB of Python, too much to be checked"
            raise Unreadable(Finding(subject=subject, note=note))
        content = path.read_bytes()
    except FileNotFoundError:
        raise Unreadable(Finding(subject=subject, problem=f"{name}: not found; write the file")) from None
    except OSError as error:
        problem = f"{name}: cannot be read: {error.strerror}"
        raise Unreadable(Finding(subject=subject, problem=problem)) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the user's code, such as an unknown escape sequence
            return ast.parse(content)
    except SyntaxError as error:
        what = f"{name}:{error.lineno or 1}: does not parse"
        if minor_version is not None and minor_version > sys.version_info.minor:
            note = f"{what} with Python 3.{sys.version_info.minor}, which looks at it here: {error.msg}"
            raise Unreadable(Finding(subject=subject, note=note)) from error
        raise Unreadable(Finding(subject=subject, problem=f"{what}: {error.msg}")) from error
    except ValueError as error:  # a null character
        raise Unreadable(Finding(subject=subject, problem=f"{name}: does not parse: {error}")) from error
    except (RecursionError, MemoryError) as error:
        note = f"{name}: found code that is nested too deeply to be checked"
        raise Unreadable(Finding(subject=subject, note=note)) from error


def last_name(node: ast.expr) -> str:
    """Return the last part of a dotted name, called or not: `stored` of `@outputs.stored(1)`."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


DECORATORS = frozenset({"stores_failures", "stores_outputs"})
"""The decorators of `truss_outputs`. They keep a hook's parameters, and look for what is stored already."""


def looks_too_late(hook: ast.FunctionDef | ast.AsyncFunctionDef, config: Mapping[str, Any]) -> str | None:
    """Return what to do where `config` says `skip_stored`, and this hook would run before anybody looks.

    A decorator of the user's own may look; it is not judged.
    """
    metadata = config.get("model_metadata")
    settings = metadata.get("truss_outputs") if isinstance(metadata, Mapping) else None
    is_asked_for = isinstance(settings, Mapping) and settings.get("skip_stored") is True
    if not is_asked_for or hook.decorator_list:
        return None
    return (
        f"found skip_stored: true, and {hook.name} without a decorator, so that it would run before anybody "
        f"looks; write @stores_failures above it, or @stores_outputs if {hook.name} itself is to store"
    )


def stores(node: ast.AST) -> bool:
    """Whether something in this code stores an output: by a method of `ModelOutputs`, or a decorator."""
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and each.attr in ("store", "astore", "stores_outputs"):
            return True
        if isinstance(each, ast.Name) and each.id == "stores_outputs":
            return True
    return False
