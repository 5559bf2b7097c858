"""The uploads of one write's artifacts, side by side.

A store works on threads of its own, so that a bucket which never answers holds none of them past the write's
deadline. A stream is read by the caller's thread, on which the model made it, when its upload asks for more.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from truss_outputs.backoff import Backoff
from truss_outputs.daemon_threads import DaemonThreads, Outcome, next_of
from truss_outputs.deadline import Deadline, DeadlinePassed, within
from truss_outputs.errors import StoreError
from truss_outputs.store import Body, PutReceipt, Store
from truss_outputs.values.encode import PendingArtifact
from truss_outputs.values.payload import Chunks, unreadable

AT_ONCE = 10
"""The most uploads at a time. Our choice: 20 artifacts take two rounds."""

# What engines hold of one large body is 48 MiB (see `stores`), so that one at a time, and these beside it,
# keep a write within 64 MiB.
_SMALL = 8 * 1024 * 1024
_SMALL_AT_ONCE = 16 * 1024 * 1024

_BATCH_BYTES = 1024 * 1024
_BATCH_CHUNKS = 64


@dataclass(eq=False)
class Upload:
    """An artifact and its key. `receipt` is there once it is stored."""

    key: str
    pending: PendingArtifact
    size: int | None = field(init=False)
    """In bytes; None for a stream, whose length is not known."""
    receipt: PutReceipt | None = None
    is_tried: bool = False
    """Whether an object may stand under its key."""

    def __post_init__(self) -> None:
        body = self.pending.artifact.data
        self.size = None
        if isinstance(body, bytes):
            self.size = len(body)
        elif isinstance(body, Path):
            self.size = 0
            with suppress(OSError):  # raised again by the put
                self.size = body.stat().st_size

    @property
    def is_large(self) -> bool:
        """Whether a store may hold more of it in memory than a small body has."""
        return self.size is None or self.size > _SMALL


class _WriteEnded(Exception):
    """Raised in place of a stream's next chunk when nobody waits for its upload any more."""


class _RelayedStream:
    """A stream's chunks for an upload on another thread. `serve` reads them on the caller's."""

    def __init__(self, chunks: Chunks, asked: "SimpleQueue[Any]") -> None:
        self.chunks = chunks
        self._asked = asked
        self._batches: SimpleQueue[Iterator[bytes]] = SimpleQueue()
        self._batch: Iterator[bytes] = iter(())
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._is_closed:
            raise _WriteEnded
        chunk = next(self._batch, None)
        if chunk is None:
            self._asked.put(self)
            self._batch = self._batches.get()
            chunk = next(self._batch)
        return chunk

    def serve(self, deadline: Deadline) -> None:
        """Read the next chunks. The time that their producer takes is not the bucket's."""
        batch: list[bytes] = []
        size = 0
        with deadline.stopped(), suppress(Exception):  # the stream's own error: `chunks` keeps it
            for chunk in self.chunks:
                batch.append(chunk)
                size += len(chunk)
                if size >= _BATCH_BYTES or len(batch) == _BATCH_CHUNKS:
                    break
        deadline.allow(size)
        self._batches.put(_then(batch, self.chunks.error))

    def close(self) -> None:
        """Let the upload fail at its next chunk, and end the stream's producer."""
        self._is_closed = True
        self._batches.put(_then([], _WriteEnded()))
        self.chunks.close()


class Uploads:
    """The uploads of one write. `run` them once, on the thread that made the output."""

    def __init__(
        self,
        store: Store,
        uploads: list[Upload],
        *,
        threads: DaemonThreads,
        backoff: Backoff,
        deadline: Deadline,
    ) -> None:
        self._store = store
        self._threads = threads
        self._backoff = backoff
        self._deadline = deadline
        self._large = deque(each for each in uploads if each.is_large)
        self._small = deque(each for each in uploads if not each.is_large)
        self._any_stored = False
        self._running: dict[Upload, _RelayedStream | None] = {}
        self._events: SimpleQueue[_RelayedStream | tuple[Upload, Outcome[PutReceipt]]] = SimpleQueue()

    def run(self) -> None:
        """Store every artifact. Raises the first error, StoreError, or DeadlinePassed."""
        for upload in (*self._large, *self._small):
            self._deadline.allow(upload.size or 0)
        try:
            while self._large or self._small or self._running:
                if self._deadline.is_cancelled:
                    raise DeadlinePassed
                self._start_what_fits()
                self._take_in(next_of(self._events, self._deadline))
        finally:
            for relay in filter(None, self._running.values()):
                relay.close()

    @property
    def url(self) -> str:
        """The url of an artifact that is not stored yet, or else of the store."""
        key = next((each.key for each in (*self._running, *self._large, *self._small)), None)
        return self._store.url if key is None else self._store.url_of(key)

    @property
    def any_stored(self) -> bool:
        """Whether the store has taken one of the artifacts."""
        return self._any_stored

    def settle(self, deadline: Deadline) -> None:
        """After an error, wait until the deadline for the uploads that have been sent. No other begins."""
        with suppress(DeadlinePassed):
            while self._running:
                event = next_of(self._events, deadline)
                if isinstance(event, tuple):
                    self._running.pop(event[0], None)

    def _start_what_fits(self) -> None:
        if self._large and not any(each.is_large for each in self._running):
            self._start(self._large.popleft())
        while self._small and len(self._running) < AT_ONCE and self._fits(self._small[0]):
            self._start(self._small.popleft())

    def _fits(self, upload: Upload) -> bool:
        held = sum(each.size or 0 for each in self._running if not each.is_large)
        return held + (upload.size or 0) <= _SMALL_AT_ONCE

    def _start(self, upload: Upload) -> None:
        body = upload.pending.artifact.data
        relay = None if isinstance(body, bytes | Path) else _RelayedStream(Chunks(body), self._events)
        self._running[upload] = relay
        upload.is_tried = True
        self._threads.start(
            lambda: self._put(upload, relay), lambda outcome: self._events.put((upload, outcome))
        )

    def _put(self, upload: Upload, relay: _RelayedStream | None) -> PutReceipt:
        # Not create-only: the attempt is in the key, so an object that exists there is this very artifact,
        # stored by a put whose acknowledgement was lost.
        artifact = upload.pending.artifact

        def put(body: Body) -> PutReceipt:
            return self._store.put(upload.key, body, content_type=artifact.content_type)

        with within(self._deadline):
            if relay is not None:  # a stream can be read only once, so there is no second try
                return put(relay)
            body: Any = artifact.data
            return self._backoff.call(lambda: put(body))

    def _take_in(self, event: "_RelayedStream | tuple[Upload, Outcome[PutReceipt]]") -> None:
        if isinstance(event, _RelayedStream):
            event.serve(self._deadline)
            return
        upload, outcome = event
        relay = self._running.pop(upload)
        try:
            upload.receipt = outcome.result()
            self._any_stored = True
        except Exception as error:
            if relay is not None:
                cause = relay.chunks.error
            else:  # the file is gone, or may not be read
                cause = error if isinstance(error, OSError) and not isinstance(error, StoreError) else None
            if cause is None:
                raise
            raise unreadable(upload.pending.path, upload.pending.artifact.data, cause) from cause
        finally:
            if relay is not None:
                relay.close()


def _then(batch: list[bytes], error: Exception | None) -> Iterator[bytes]:
    yield from batch
    if error is not None:
        raise error
