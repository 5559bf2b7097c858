"""Splits an output into JSON data and artifacts, the values that are not JSON.

NaN and infinities become null. A value that is neither JSON nor an artifact raises an error that names its
path in the output. So does JSON that a reader would refuse, as a result that is stored stays for good.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, TypeAlias, cast

from pydantic import JsonValue
from pydantic_core import to_json

from truss_outputs.errors import UnstorableOutput
from truss_outputs.keys import artifact_name, distinct_names
from truss_outputs.values.artifact import Artifact
from truss_outputs.values.payload import unreadable
from truss_outputs.values.plain_json import MOST_DIGITS, plain_json
from truss_outputs.values.represent import NoRepresentation, represent, represent_together
from truss_outputs.values.types.files import UnknownStream
from truss_outputs.values.types.images import ImageFormat, Picture

JsonPath: TypeAlias = tuple[str | int, ...]

# The JSON parser that reads results back stops at 200 levels, references included.
_DEEPEST = 100
_LARGEST = 10**MOST_DIGITS - 1
_SCALARS = frozenset((str, int, float, bool, type(None)))


@dataclass(frozen=True, kw_only=True)
class PendingArtifact:
    """An artifact still to be stored. `name` is unique in the output, `path` is its place in `data`."""

    path: JsonPath
    name: str
    artifact: Artifact


@dataclass(frozen=True, kw_only=True)
class EncodedOutput:
    """`data` is the output as JSON, with null where an artifact's reference will be.

    Do not change `data`: it shares the plain JSON in the output. If the whole output is plain JSON, `json` is
    its bytes.
    """

    data: JsonValue
    artifacts: tuple[PendingArtifact, ...] = ()
    json: bytes | None = None

    def json_with(self, references: Mapping[JsonPath, Any]) -> bytes:
        """Return `data` with each reference in its place, as compact JSON in raw UTF-8."""
        return self.json if self.json is not None else to_json(placed(self.data, references))


def encode(output: object, *, images: ImageFormat = "PNG") -> EncodedOutput:
    """Split `output`, without changing it. Raises UnstorableOutput, which names the path in it."""
    json = plain_json(output, levels=_DEEPEST)
    if json is not None:
        return EncodedOutput(data=cast(JsonValue, output), json=json)
    walk = _Walk(images)
    data = walk.json_of(output, ())
    # Streams are read only now, when nothing else in the output can be refused.
    artifacts = [(path, _recognised(artifact, path)) for path, artifact in walk.artifacts]
    names = distinct_names(
        artifact.name or artifact_name(path, artifact.content_type) for path, artifact in artifacts
    )
    pending = tuple(
        PendingArtifact(path=path, name=name, artifact=artifact)
        for name, (path, artifact) in zip(names, artifacts, strict=True)
    )
    return EncodedOutput(data=data, artifacts=pending)


def placed(data: JsonValue, values: Mapping[JsonPath, Any]) -> Any:
    """Return `data` with each value in its place. Only the containers that differ are copied.

    Raises LookupError or TypeError where a path leads nowhere.
    """
    root: list[Any] = [data]
    own: set[int] = set()
    for path, value in values.items():
        parent: Any = root
        step: str | int = 0
        for following in path:
            child = parent[step]
            if id(child) not in own and isinstance(child, dict | list):
                child = parent[step] = child.copy()
                own.add(id(child))
            parent, step = child, following
        if isinstance(parent, dict) and step not in parent:
            raise KeyError(step)
        parent[step] = value
    return root[0]


class _Walk:
    """One walk through one output, which collects its artifacts in their order."""

    def __init__(self, images: ImageFormat) -> None:
        self.artifacts: list[tuple[JsonPath, Artifact]] = []
        self._images = images
        self._open: set[int] = set()
        self._streams: set[int] = set()

    def json_of(self, value: object, path: JsonPath) -> JsonValue:
        match value:
            case None | bool():
                return value
            case str():
                return _text(str.__str__(value), path)
            case int():
                return _integer(value, path)
            case float():
                return float(value) if math.isfinite(value) else None
            case Artifact():
                self._set_apart(value, path)
                return None
            case dict() | list() if plain_json(value, levels=_DEEPEST - len(path)) is not None:
                return value
        if len(path) >= _DEEPEST or len(self._open) >= 2 * _DEEPEST:
            raise UnstorableOutput(path[:8], value, f"it lies more than {_DEEPEST} levels deep")
        if id(value) in self._open:
            raise UnstorableOutput(path, value, "it contains itself")
        self._open.add(id(value))
        try:
            return self._inside(value, path)
        finally:
            self._open.remove(id(value))

    def _set_apart(self, artifact: Artifact, path: JsonPath) -> None:
        if not isinstance(artifact.data, bytes | Path):
            if id(artifact.data) in self._streams:
                raise UnstorableOutput(path, artifact.data, "it is a stream, and the output holds it twice")
            self._streams.add(id(artifact.data))
        self.artifacts.append((path, artifact))

    def _inside(self, value: object, path: JsonPath) -> JsonValue:
        match value:
            case dict():
                whole = self._together(value.values(), value, path)
                return self._object(value, path) if whole is None else self.json_of(whole, path)
            case list() | tuple():
                whole = self._together(value, value, path)
                if whole is not None:
                    return self.json_of(whole, path)
                return [self.json_of(item, (*path, index)) for index, item in enumerate(value)]
        return self.json_of(self._nearer(value, path), path)

    def _together(self, members: Iterable[object], whole: object, path: JsonPath) -> object | None:
        first = next(iter(members), None)
        if type(first) in _SCALARS:
            return None
        try:
            return cast(object, represent_together(first, whole))
        except Exception as error:
            raise UnstorableOutput(path, whole, _in_one_line(error)) from error

    def _nearer(self, value: object, path: JsonPath) -> object:
        try:
            nearer = represent(value)
            return nearer.stored_as(self._images) if isinstance(nearer, Picture) else nearer
        except NoRepresentation:
            raise UnstorableOutput(path, value) from None
        except Exception as error:  # from pydantic, or from the library of the type
            is_transient = isinstance(error, OSError | MemoryError)
            raise UnstorableOutput(path, value, _in_one_line(error), is_transient=is_transient) from error

    def _object(self, value: dict[Any, Any], path: JsonPath) -> dict[str, JsonValue]:
        members: dict[str, JsonValue] = {}
        for key, item in value.items():
            name = _member_name(key, path)
            if name in members:
                raise UnstorableOutput(path, value, f"two of its keys are {name!r} in JSON")
            members[name] = self.json_of(item, (*path, name))
        return members


def _recognised(artifact: Artifact, path: JsonPath) -> Artifact:
    if not isinstance(artifact, UnknownStream):
        return artifact
    try:
        return artifact.recognised()
    except Exception as error:
        raise unreadable(path, artifact.data, error) from error


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _member_name(key: object, path: JsonPath) -> str:
    """Return a dict's key as Python's json module writes it, or as the value that it is would be written."""
    match key:
        case str():
            return _text(str.__str__(key), path)
        case None:
            return "null"
        case bool():
            return "true" if key else "false"
        case int():
            return int.__repr__(_integer(key, path))
        case float() if math.isfinite(key):
            return float.__repr__(key)
        case PurePath():
            return _text(str(key), path)
        case _ if (nearer := _scalar(key)) is not key:
            return _member_name(nearer, path)
    reason = "a key must be text, a finite number, a date, a path, an Enum's member, true, false or null"
    raise UnstorableOutput(path, key, reason)


def _scalar(key: object) -> object:
    """Return the scalar of JSON that stands for `key`, such as a date or a numpy integer, or else `key`."""
    try:
        nearer = represent(key)
    except Exception:  # from the library of the type: whatever it is, the key is refused
        return key
    return nearer if type(nearer) in _SCALARS else key


def _integer(value: int, path: JsonPath) -> int:
    """Return `value` as a plain int, also where its class converts it otherwise."""
    plain = int.__pos__(value)
    if not -_LARGEST <= plain <= _LARGEST:
        reason = f"it has more than {MOST_DIGITS:,} digits, which no parser of JSON reads"
        raise UnstorableOutput(path, value, reason)
    return plain


def _text(text: str, path: JsonPath) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnstorableOutput(path, text, "it is not valid Unicode") from None
    return text
