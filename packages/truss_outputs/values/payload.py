"""An artifact's content, and how it is read into the store.

Bytes, and a file named by its path, can be read again, so a put of them may be repeated. Open files and
iterators, sync and async, are read once, chunk by chunk, and never held whole in memory.
"""

import asyncio
import contextvars
import io
from collections.abc import AsyncIterable, AsyncIterator, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeAlias, TypeVar, cast

T = TypeVar("T")

BytesLike: TypeAlias = bytes | bytearray | memoryview
Stream: TypeAlias = IO[Any] | Iterable[BytesLike] | AsyncIterable[BytesLike]
Payload: TypeAlias = bytes | Path | Stream

_CHUNK = 1024 * 1024


class Chunks:
    """A stream's chunks, to be iterated over once; `close` ends their producer early.

    `error` is the exception that the producer raised, so that it is never taken for the store's, even if the
    store raised another in response. A chunk that is not bytes is the producer's error too.
    """

    def __init__(self, stream: Stream) -> None:
        self.error: Exception | None = None
        self._chunks: Iterator[object] = _chunks(stream)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            while True:
                chunk = next(self._chunks)
                if not isinstance(chunk, bytes | bytearray | memoryview):
                    raise TypeError(f"a chunk is {type(chunk)!r}, where bytes are due")
                if len(chunk):
                    return bytes(chunk)
        except StopIteration:
            raise
        except Exception as error:
            self.error = error
            raise

    def close(self) -> None:
        """End a producer that is a generator. Any other belongs to the model and is left open."""
        if isinstance(self._chunks, Generator):
            self._chunks.close()


def _chunks(stream: Stream) -> Iterator[object]:
    if isinstance(stream, AsyncIterable):
        return driven(aiter(stream))
    if hasattr(stream, "read"):
        return _read(cast(IO[Any], stream))
    return iter(stream)


def _read(file: IO[Any]) -> Iterator[bytes]:
    """Read a file from its beginning, whatever its position is; a pipe from where it is."""
    if file.seekable():
        file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk.encode() if isinstance(chunk, str) else chunk
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

    async def following() -> T | object:
        return await anext(iterator, end)

    with ThreadPoolExecutor(1, "truss_outputs-stream") as thread:
        runner = asyncio.Runner()
        try:
            while True:
                item = thread.submit(lambda: runner.run(following(), context=context)).result()
                if item is end:
                    return
                yield item  # type: ignore[misc]  # every item but `end` is a T
        finally:
            thread.submit(runner.close).result()  # which closes an async generator too
