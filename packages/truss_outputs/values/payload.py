"""An artifact's content, and how it is read into the store.

Bytes, and a file named by its path, can be read again, so a put of them may be repeated. Open files and
iterators, sync and async, are read once, chunk by chunk, and never held whole in memory. Text is stored as
UTF-8.
"""

import asyncio
import contextvars
import io
import sys
from collections.abc import AsyncIterable, AsyncIterator, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, TypeAlias, TypeVar, cast

from truss_outputs.daemon_threads import DaemonThreads
from truss_outputs.errors import UnstorableOutput

T = TypeVar("T")

BytesLike: TypeAlias = bytes | bytearray | memoryview
Chunk: TypeAlias = BytesLike | str
Stream: TypeAlias = IO[Any] | Iterable[Chunk] | AsyncIterable[Chunk]
Payload: TypeAlias = bytes | Path | Stream

_CHUNK = 1024 * 1024


class BadChunk(TypeError):
    """A chunk that cannot be stored. Its message never quotes the chunk."""


class Chunks:
    """A stream's chunks as bytes, to be iterated over once; `close` ends their producer early.

    `error` is the exception that the producer raised, so that it is never taken for the store's, even if the
    store raised another in response. A chunk that is neither bytes nor text, or is one after the other, is
    the producer's error too: BadChunk.
    """

    def __init__(self, stream: Stream) -> None:
        self.error: Exception | None = None
        self._chunks: Iterator[object] = _chunks(stream)
        self._is_text: bool | None = None  # None: before the first chunk

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            while True:
                if chunk := self._bytes_of(next(self._chunks)):
                    return chunk
        except StopIteration:
            raise
        except Exception as error:
            self.error = error
            raise

    def _bytes_of(self, chunk: object) -> bytes:
        is_text = isinstance(chunk, str)
        if self._is_text is None:
            self._is_text = is_text
        if not isinstance(chunk, str | bytes | bytearray | memoryview) or is_text is not self._is_text:
            due = "text is" if self._is_text else "bytes are"
            raise BadChunk(f"a chunk is {type(chunk)!r}, where {due} due")
        try:
            return chunk.encode() if isinstance(chunk, str) else bytes(chunk)
        except UnicodeEncodeError:
            raise BadChunk("a chunk is not valid Unicode") from None

    def close(self) -> None:
        """End a producer that is a generator. Any other belongs to the model and is left open."""
        if isinstance(self._chunks, Generator | Peeked):
            self._chunks.close()


class Peeked:
    """A stream whose first chunk was read to see whether it `is_text`; it is yielded all the same."""

    def __init__(self, stream: Stream) -> None:
        """Raises what the producer raises."""
        self.stream = stream
        self._chunks = _chunks(stream)
        self._first: list[object] = []  # empty too once the chunk was yielded
        for chunk in self._chunks:
            self._first.append(chunk)
            break
        self.is_text = any(isinstance(chunk, str) for chunk in self._first)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> object:
        return self._first.pop() if self._first else next(self._chunks)

    def close(self) -> None:
        """End a producer that is a generator."""
        if isinstance(self._chunks, Generator):
            self._chunks.close()


def unreadable(path: Sequence[str | int], data: object, error: Exception) -> UnstorableOutput:
    """Return the error that says which value could not be read for `error`."""
    value = data.stream if isinstance(data, Peeked) else data
    if isinstance(error, BadChunk):
        return UnstorableOutput(path, value, str(error))
    # The error's text may quote the model's data, so only its class is named; the log has the cause.
    reason = f"it raised {type(error).__name__} while it was read"
    return UnstorableOutput(path, value, reason, is_transient=True)


def _chunks(stream: Stream) -> Iterator[object]:
    if isinstance(stream, Peeked):
        return stream
    if isinstance(stream, AsyncIterable):
        return driven(aiter(stream))
    if hasattr(stream, "read"):
        return _read(cast(IO[Any], stream))
    return iter(stream)


def _read(file: IO[Any]) -> Iterator[object]:
    """Read a file from its beginning, whatever its position is; a pipe from where it is."""
    if file.seekable():
        file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk
    if chunk is None:  # not the end of the file, though None is falsy
        raise BlockingIOError("the file does not block, and has nothing to read yet")


def content_of(memory_file: io.BytesIO | io.StringIO) -> bytes:
    """Return everything that was written to it, as bytes."""
    content = memory_file.getvalue()
    return content.encode() if isinstance(content, str) else content


def driven(iterator: AsyncIterator[T]) -> Iterator[T]:
    """Yield the items of an async iterator to code that cannot await.

    Each item is made on request, in an event loop on a separate thread, so this works whether or not a loop
    is running here. An iterator that is bound to the loop it was made in, such as an HTTP client's response,
    raises there: read it in the model instead.
    """
    return _driven(iterator, contextvars.copy_context())


def _driven(iterator: AsyncIterator[T], context: contextvars.Context) -> Iterator[T]:
    end = object()
    threads = DaemonThreads("truss_outputs-stream")
    runner = asyncio.Runner()

    async def following() -> T | object:
        return await anext(iterator, end)

    try:
        while True:
            item = threads.call(lambda: runner.run(following(), context=context))
            if item is end:
                return
            yield item  # type: ignore[misc]  # every item but `end` is a T
    finally:
        if not sys.is_finalizing():  # a thread would not run any more, and be waited for in vain
            threads.call(runner.close)  # which closes an async generator too
            threads.close()
