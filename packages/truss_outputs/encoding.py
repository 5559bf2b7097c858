"""An output as JSON data, and apart from it the values that are not JSON.

What JSON cannot say is stored as null (NaN, infinities), as an artifact, or not at all: then the error names
the place in the output.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from truss_outputs.artifact import Artifact
from truss_outputs.errors import UnstorableOutput
from truss_outputs.keys import artifact_name, distinct_names
from truss_outputs.representation import represent

Path = tuple[str | int, ...]

# The JSON parser that reads results again stops at 200 levels, references and all.
_DEEPEST = 100


@dataclass(frozen=True, kw_only=True)
class PendingArtifact:
    """An artifact still to be stored. `name` is its own alone, `path` its place in the output's `data`."""

    path: Path
    name: str
    artifact: Artifact


@dataclass(frozen=True, kw_only=True)
class EncodedOutput:
    """`data` is the output as JSON, with null wherever an artifact's reference will stand."""

    data: JsonValue
    artifacts: tuple[PendingArtifact, ...]


def encode(output: object) -> EncodedOutput:
    """Take `output` apart. It is not changed, and nothing of it is shared but immutable values."""
    walk = _Walk()
    data = walk.json_of(output, ())
    names = distinct_names(
        artifact.name or artifact_name(path, artifact.content_type) for path, artifact in walk.artifacts
    )
    pending = tuple(
        PendingArtifact(path=path, name=name, artifact=artifact)
        for name, (path, artifact) in zip(names, walk.artifacts, strict=True)
    )
    return EncodedOutput(data=data, artifacts=pending)


def placed(data: JsonValue, values: Mapping[Path, Any]) -> Any:
    """A copy of `data` with each value in its place.

    Raises LookupError or TypeError where a path leads nowhere.
    """
    root = [_copied(data)]
    for path, value in values.items():
        parent: Any = root
        step: str | int = 0
        for following in path:
            parent, step = parent[step], following
        if isinstance(parent, dict) and step not in parent:
            raise KeyError(step)
        parent[step] = value
    return root[0]


def _copied(data: JsonValue) -> Any:
    if isinstance(data, dict):
        return {key: _copied(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_copied(value) for value in data]
    return data


class _Walk:
    """One walk through one output, gathering its artifacts in the order they are met."""

    def __init__(self) -> None:
        self.artifacts: list[tuple[Path, Artifact]] = []
        self._open: set[int] = set()

    def json_of(self, value: object, path: Path) -> JsonValue:
        match value:
            case None | bool():
                return value
            case str():
                return _text(str.__str__(value), path)
            case int():
                return int(value)
            case float():
                return float(value) if math.isfinite(value) else None
            case Artifact():
                self.artifacts.append((path, value))
                return None
        if len(path) >= _DEEPEST or len(self._open) >= 2 * _DEEPEST:
            raise UnstorableOutput(path[:8], value, f"it lies more than {_DEEPEST} levels deep")
        if id(value) in self._open:
            raise UnstorableOutput(path, value, "it contains itself")
        self._open.add(id(value))
        try:
            return self._inside(value, path)
        finally:
            self._open.remove(id(value))

    def _inside(self, value: object, path: Path) -> JsonValue:
        match value:
            case dict():
                return self._object(value, path)
            case list() | tuple():
                return [self.json_of(item, (*path, index)) for index, item in enumerate(value)]
        try:
            nearer = represent(value)
        except TypeError:
            raise UnstorableOutput(path, value) from None
        except ValueError as error:  # pydantic's own word, of a model that cannot be dumped
            raise UnstorableOutput(path, value, " ".join(str(error).split())) from error
        return self.json_of(nearer, path)

    def _object(self, value: dict[Any, Any], path: Path) -> dict[str, JsonValue]:
        members: dict[str, JsonValue] = {}
        for key, item in value.items():
            name = _member_name(key, path)
            if name in members:
                raise UnstorableOutput(path, value, f"two of its keys are {name!r} in JSON")
            members[name] = self.json_of(item, (*path, name))
        return members


def _member_name(key: object, path: Path) -> str:
    """A dict's key as Python's json module writes it."""
    match key:
        case str():
            return _text(str.__str__(key), path)
        case None:
            return "null"
        case bool():
            return "true" if key else "false"
        case int():
            return int.__repr__(key)
        case float() if math.isfinite(key):
            return float.__repr__(key)
    raise UnstorableOutput(path, key, "a key must be text, a finite number, true, false or null")


def _text(text: str, path: Path) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnstorableOutput(path, text, "it is not valid Unicode") from None
    return text
