"""What an artifact's content may be, and how it goes into the store.

Bytes, and a file named by its path, can be read again, so a put of them may be repeated. All else passes
once, chunk by chunk: iterators, sync and async, and open files. None of it is ever held whole.
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

    What the producer raised is in `error`, so that it is not taken for the store's, whatever became of it on
    the way. A chunk that is not bytes is the producer's error too.
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
        """End a producer that is a generator. Any other belongs to the model, and is left alone."""
        if isinstance(self._chunks, Generator):
            self._chunks.close()


def _chunks(stream: Stream) -> Iterator[object]:
    if isinstance(stream, AsyncIterable):
        return driven(aiter(stream))
    if hasattr(stream, "read"):
        return _read(cast(IO[Any], stream))
    return iter(stream)


def _read(file: IO[Any]) -> Iterator[bytes]:
    """The file from its beginning, wherever whoever wrote it left off; a pipe from where it is."""
    if file.seekable():
        file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk.encode() if isinstance(chunk, str) else chunk
    if chunk is None:  # no end, though it looks like one
        raise BlockingIOError("the file does not block, and has nothing to read yet")


def content_of(memory_file: io.BytesIO | io.StringIO) -> bytes:
    """All that was written to it."""
    content = memory_file.getvalue()
    return content.encode() if isinstance(content, str) else content


def driven(iterator: AsyncIterator[T]) -> Iterator[T]:
    """The items of an async iterator, for who cannot await.

    They are made in an event loop of their own on a thread of its own, each when it is asked for, so it works
    whether or not a loop is running here. An iterator bound to the loop it was made in, as an HTTP client's
    response is, raises there: read such a one in the model.
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
                yield item  # type: ignore[misc]  # all but `end` is a T
        finally:
            thread.submit(runner.close).result()  # which closes an async generator too
