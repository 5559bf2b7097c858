"""Check the top of a Truss's config.yaml: its keys, and the Python that it asks for."""

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from async_inference.cli.checks.finding import Finding

DISTRIBUTION = "truss-outputs"

_SUBJECT = "config.yaml"
_SCHEMA = "config.schema.json"
_DEPRECATED = {"hf_cache"}  # truss renames it before it looks for unknown keys
_KINDS: dict[type, tuple[str, ...]] = {
    dict: ("secrets", "runtime", "environment_variables"),
    list: ("requirements", "external_package_dirs"),
}
_PYTHON = re.compile(r"py3([0-9]{1,2})")


def check_keys(config: Mapping[str, Any]) -> Iterator[Finding]:
    """Find the keys that `truss push` refuses. Nothing is found where truss is not installed."""
    known = _known_keys()
    for key in config:
        if known and key not in known:
            near = get_close_matches(str(key), known, n=1)
            advice = f"did you mean {near[0]}?" if near else "move your own settings to model_metadata"
            problem = f"{str(key)[:80]}: found a key that truss does not know, so a push is refused; {advice}"
            yield Finding(subject=_SUBJECT, problem=problem)


def check_kinds(config: Mapping[str, Any]) -> Iterator[Finding]:
    """Find sections that are not of the kind which every other check relies on."""
    for kind, keys in _KINDS.items():
        for key in keys:
            found = config.get(key)
            if found is not None and not isinstance(found, kind):
                write = "a list" if kind is list else "names with values"
                problem = f"{key}: found {type(found).__name__}; write {write}"
                yield Finding(subject=_SUBJECT, problem=problem)


def check_python(config: Mapping[str, Any], *, subject: str = _SUBJECT) -> Iterator[Finding]:
    """Find a Python that is too old for `truss_outputs`."""
    if "python_version" not in config:
        return  # truss's default is newer
    lowest = lowest_python()
    match = _PYTHON.fullmatch(str(config["python_version"]))
    if match is None or int(match[1]) < lowest:
        problem = (
            f"python_version: found {str(config['python_version'])[:40]!r}, and truss_outputs needs "
            f"Python 3.{lowest} or later; write py3{lowest}"
        )
        yield Finding(subject=subject, problem=problem)


def minor_version(config: Mapping[str, Any]) -> int | None:
    """Return 12 for `python_version: py312`; None where the version is not given, or not of this form."""
    match = _PYTHON.fullmatch(str(config.get("python_version")))
    return int(match[1]) if match else None


def lowest_python() -> int:
    """Return the minor version of the first Python 3 that `truss_outputs` runs on."""
    try:
        needed = metadata(DISTRIBUTION)["Requires-Python"]
    except PackageNotFoundError:  # a copy of the packages, not an installation
        return 0
    return int(needed.rpartition(".")[2])


def _known_keys() -> set[str]:
    """Read the keys from truss's own schema, without importing truss, which takes seconds."""
    found = find_spec("truss")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder, _SCHEMA)
        if path.is_file():
            return {*json.loads(path.read_text(encoding="utf-8"))["properties"], *_DEPRECATED}
    return set()
