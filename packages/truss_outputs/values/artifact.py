"""A value that is stored as an object of its own."""

import io
import re
from collections.abc import AsyncIterable, Iterable
from pathlib import Path
from typing import Any

from pydantic_core import CoreSchema, core_schema

from truss_outputs.values.payload import BytesLike, Payload, content_of

_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w.+-]+=[\w.+-]+)*", re.ASCII)


class Artifact:
    """Content of a known type: `Artifact(png, "image/png")`, anywhere in an output.

    `data` is bytes, the path of a file, an open file, or an iterator of bytes or of text, sync or async. Text
    is stored as UTF-8. Files and iterators are streamed, so they can be stored only once. `name` is the file
    name to store it under; by default it is the path of the value in the output. `kind` selects the function
    that makes the value again, see `restores`.
    Frozen. Not a dataclass, because pydantic would dump one inside a model as a dict.
    """

    __slots__ = ("content_type", "data", "kind", "name")

    content_type: str
    data: Any  # a Payload; from a reader always bytes
    kind: str
    name: str | None

    def __init__(
        self,
        data: BytesLike | Payload,
        content_type: str,
        *,
        name: str | None = None,
        kind: str = "artifact",
    ) -> None:
        if not _CONTENT_TYPE.fullmatch(content_type):
            raise ValueError(f"content type {content_type!r} is not of the form 'image/png'")
        if not isinstance(name, str | None):
            raise TypeError(f"an artifact's name is text, not {type(name)!r}")
        if not kind.isprintable():  # it is stored as it is, unlike the name
            raise ValueError(f"an artifact's kind is printable text, not {kind!r}")
        object.__setattr__(self, "data", _payload(data))
        object.__setattr__(self, "content_type", content_type)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "kind", kind)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an artifact is frozen: {name} cannot be set")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Artifact):
            return NotImplemented
        return self._fields == other._fields

    def __hash__(self) -> int:
        return hash(self._fields)

    def __repr__(self) -> str:
        shown = f"{len(self.data)} bytes" if isinstance(self.data, bytes) else type(self.data).__name__
        return f"Artifact(<{shown}>, {self.content_type!r}, name={self.name!r})"

    @property
    def _fields(self) -> tuple[object, ...]:
        return (self.data, self.content_type, self.name, self.kind)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        """In a pydantic model's field, accept an instance and leave it as it is."""
        return core_schema.is_instance_schema(cls)


def _payload(data: BytesLike | Payload) -> Payload:
    match data:
        case bytes() | bytearray() | memoryview():
            return bytes(data)
        case io.BytesIO() | io.StringIO():  # all that was written, wherever its position is
            return content_of(data)
        case Path():
            return data
        case str() | list() | tuple() | dict():
            pass
        case Iterable() | AsyncIterable():
            return data
        case _ if hasattr(data, "read"):
            return data
    raise TypeError(f"an artifact is bytes, a path, an open file or an iterator of bytes, not {type(data)!r}")
