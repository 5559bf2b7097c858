"""Bodies on their way into a store, of which only a few chunks or parts are in memory at a time."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from truss_outputs.daemon_threads import DaemonThreads, Outcome
from truss_outputs.deadline import DeadlinePassed, current_deadline
from truss_outputs.store import Body, PutReceipt

CHUNK = 1024 * 1024
CONNECT_SECONDS = 5.0
"""The most seconds in which a connection must be made. Our choice: it takes three lost packets in a row."""

# S3's limit (docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html). R2 demands that all parts but the
# last have one size.
_MOST_PARTS = 10_000
PART = 8 * 1024 * 1024

_IN_FLIGHT = 4  # with the part being read, 40 MiB

T = TypeVar("T")
P = TypeVar("P")

Retry: TypeAlias = Callable[[Callable[[], Any]], Any]
"""Calls the operation that it is given, again after each failure that may pass."""


class Passing:
    """The chunks of a body, hashed and counted as they are read. Iterate over it once.

    After the deadline of the write that it was made in, the next chunk raises DeadlinePassed, so that an
    upload for which nobody waits ends there.

    `error` is the exception that the body's producer raised, so that a store can tell it from its own
    failure.
    """

    def __init__(self, body: Body, *, chunk: int = CHUNK) -> None:
        self.error: Exception | None = None
        self._deadline = current_deadline()  # asked for here, as obstore reads chunks on threads of its own
        self._chunks = _chunks(body, chunk)
        self._digest = hashlib.sha256()
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = next(self._chunks)
            if self._deadline is not None and self._deadline.is_over:
                raise DeadlinePassed
            self._digest.update(chunk)
        except StopIteration:
            raise
        except Exception as error:
            self.error = error
            raise
        self._size += len(chunk)
        return chunk

    @property
    def receipt(self) -> PutReceipt:
        """The size and hash of the chunks that have been read so far."""
        return PutReceipt(size=self._size, sha256=self._digest.hexdigest())


def part_size(body: Body) -> int:
    """The size in bytes of each part of `body`. A stream of unknown length can have up to 78 GiB."""
    size = body.stat().st_size if isinstance(body, Path) else len(body) if isinstance(body, bytes) else 0
    return max(PART, -(-size // _MOST_PARTS))


def in_parts(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in parts of `size` bytes; the last may be smaller."""
    return map(bytes, in_buffers(chunks, size))


def in_buffers(chunks: Iterable[bytes], size: int) -> Iterator[bytes | bytearray]:
    """The same as `in_parts`, without the copy that makes `bytes` of a part."""
    part = bytearray()
    for chunk in chunks:
        if len(chunk) == size and not part:  # as a file's chunks are: no copy is needed
            yield chunk
            continue
        rest = memoryview(chunk)
        while rest:
            missing = size - len(part)
            part += rest[:missing]
            rest = rest[missing:]
            if len(part) == size:
                yield part
                part = bytearray()
    if part:
        yield part


def whole_if_small(chunks: Iterator[bytes], limit: int) -> tuple[bytes | None, Iterator[bytes]]:
    """The whole body if it has at most `limit` bytes, otherwise None and all its chunks."""
    seen: deque[bytes] = deque()
    size = 0
    for chunk in chunks:
        seen.append(chunk)
        size += len(chunk)
        if size > limit:
            return None, _resumed(seen, chunks)
    return seen[0] if len(seen) == 1 else b"".join(seen), iter(())


def upload_parts(put: Callable[[int, P], T], parts: Iterable[P], *, name: str) -> list[T]:
    """Call `put` with each part and its number from 1, several at once; return the answers in order.

    The next parts are made meanwhile. Raises what `parts` and `put` raise, once no call is under way: no part
    arrives after an upload was given up. `name` is the name of the threads.
    """
    done: list[T] = []
    in_flight: deque[SimpleQueue[Outcome[T]]] = deque()
    threads = DaemonThreads(name)
    try:
        for number, part in enumerate(parts, start=1):
            if len(in_flight) == _IN_FLIGHT:
                done.append(in_flight.popleft().get().result())
            answer: SimpleQueue[Outcome[T]] = SimpleQueue()
            threads.start(partial(put, number, part), answer.put)
            in_flight.append(answer)
        while in_flight:
            done.append(in_flight.popleft().get().result())
    finally:
        for answer in in_flight:
            answer.get()
        threads.close()
    return done


def _resumed(seen: deque[bytes], chunks: Iterator[bytes]) -> Iterator[bytes]:
    while seen:
        yield seen.popleft()  # and drop the reference
    yield from chunks


def _chunks(body: Body, size: int) -> Iterator[bytes]:
    match body:
        case bytes() | bytearray() | memoryview():
            yield bytes(body)
        case Path():
            with body.open("rb") as file:
                while chunk := file.read(size):
                    yield chunk
        case _:
            for chunk in body:
                if not isinstance(chunk, bytes | bytearray | memoryview):
                    raise TypeError(f"a stream of bytes yielded {type(chunk).__name__}")
                if chunk:
                    yield bytes(chunk)
