"""Files and streams of bytes or of text: stored as they are, never held whole in memory.

The first chunk of an iterator tells whether it is text, as what most language models return is.
"""

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path, PurePath
from types import AsyncGeneratorType, GeneratorType
from typing import Any

from truss_outputs.keys import content_type_of
from truss_outputs.values.artifact import Artifact
from truss_outputs.values.payload import Chunk, Peeked, Stream
from truss_outputs.values.represent import represent
from truss_outputs.values.restore import restores

_BINARY = "application/octet-stream"
_TEXT = "text/plain; charset=utf-8"


class UnknownStream(Artifact):
    """An iterator of which nothing was read yet."""

    __slots__ = ()

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream, _BINARY, kind="bytes")

    def recognised(self) -> Artifact:
        """Return it as text or as bytes, by its first chunk. Raises what the iterator raises."""
        stream = Peeked(self.data)
        content_type, kind = (_TEXT, "text") if stream.is_text else (_BINARY, "bytes")
        return Artifact(stream, content_type, kind=kind)


@represent.register(Path)
def _(path: Path) -> object:
    if not path.is_file():
        raise ValueError(f"{path.name!r} is a folder" if path.is_dir() else f"there is no file {path.name!r}")
    return Artifact(path, content_type_of(path.name), name=path.name, kind="bytes")


@represent.register(Iterator, "tempfile._TemporaryFileWrapper")
def _(stream: Any) -> object:
    if not hasattr(stream, "read"):
        if isinstance(stream, GeneratorType) and stream.gi_frame is None:
            raise ValueError("it is used up already")
        return UnknownStream(stream)
    name = getattr(stream, "name", None)  # an open file's path; some files have a number instead
    name = PurePath(name).name if isinstance(name, str) else None
    content_type = content_type_of(name) if name else _BINARY
    if not (isinstance(stream, io.StringIO) or hasattr(stream, "encoding")):
        return Artifact(stream, content_type, name=name, kind="bytes")
    return Artifact(stream, _TEXT if content_type == _BINARY else content_type, name=name, kind="text")


@represent.register(AsyncIterator)
def _(stream: AsyncIterator[Chunk]) -> object:
    if isinstance(stream, AsyncGeneratorType) and stream.ag_frame is None:
        raise ValueError("it is used up already")
    return UnknownStream(stream)


@restores("bytes")
def content(data: bytes) -> bytes:
    """Read the content of a file or stream; a value of type bytes has the same kind."""
    return data


@restores("text")
def text(data: bytes) -> str:
    """Read the text of a file, or of an iterator of text."""
    return data.decode()
