"""Files and streams of bytes: stored as they are, never held whole in memory."""

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path, PurePath
from types import AsyncGeneratorType, GeneratorType
from typing import Any

from truss_outputs.keys import content_type_of
from truss_outputs.values.artifact import Artifact
from truss_outputs.values.represent import represent
from truss_outputs.values.restore import restores

_STREAM = "application/octet-stream"
_TEXT = "text/plain; charset=utf-8"


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
        return Artifact(stream, _STREAM, kind="bytes")
    name = getattr(stream, "name", None)  # an open file's path; some files have a number instead
    name = PurePath(name).name if isinstance(name, str) else None
    content_type = content_type_of(name) if name else _STREAM
    if not (isinstance(stream, io.StringIO) or hasattr(stream, "encoding")):
        return Artifact(stream, content_type, name=name, kind="bytes")
    return Artifact(stream, _TEXT if content_type == _STREAM else content_type, name=name, kind="text")


@represent.register(AsyncIterator)
def _(stream: AsyncIterator[bytes]) -> object:
    if isinstance(stream, AsyncGeneratorType) and stream.ag_frame is None:
        raise ValueError("it is used up already")
    return Artifact(stream, _STREAM, kind="bytes")


@restores("bytes")
def content(data: bytes) -> bytes:
    """Read the content of a file or stream; a value of type bytes has the same kind."""
    return data


@restores("text")
def text(data: bytes) -> str:
    """Read the text of a file."""
    return data.decode()
