"""A value that is stored as an object of its own."""

import re
from typing import Any

from pydantic_core import CoreSchema, core_schema

_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w.+-]+=[\w.+-]+)*", re.ASCII)


class Artifact:
    """Bytes of a known type: `Artifact(png, "image/png")`, anywhere in an output.

    `name` is the file name to store it under; without one it is named after its place in the output.
    Frozen. Not a dataclass, because pydantic would dump one inside a model as a dict.
    """

    __slots__ = ("content_type", "data", "name")

    content_type: str
    data: bytes
    name: str | None

    def __init__(
        self, data: bytes | bytearray | memoryview, content_type: str, *, name: str | None = None
    ) -> None:
        if not _CONTENT_TYPE.fullmatch(content_type):
            raise ValueError(f"content type {content_type!r} is not of the form 'image/png'")
        object.__setattr__(self, "data", bytes(data))
        object.__setattr__(self, "content_type", content_type)
        object.__setattr__(self, "name", name)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an artifact is frozen: {name} cannot be set")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Artifact):
            return NotImplemented
        return (self.data, self.content_type, self.name) == (other.data, other.content_type, other.name)

    def __hash__(self) -> int:
        return hash((self.data, self.content_type, self.name))

    def __repr__(self) -> str:
        return f"Artifact(<{len(self.data)} bytes>, {self.content_type!r}, name={self.name!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        """As a field of a pydantic model: an instance, left as it is."""
        return core_schema.is_instance_schema(cls)
