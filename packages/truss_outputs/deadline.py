"""The moment by which a write must have ended, known to every loop and every request on the way.

A write has its seconds, and for each byte of its bodies the time that the slowest bucket worth waiting for
takes. The time in which a model makes the chunks of a stream does not count.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, Lock

MIN_RATE = 1_000_000
"""Bytes per second. A bucket that takes less stands still. Our choice."""


class DeadlinePassed(Exception):
    """The deadline came before what was waited for."""


class Deadline:
    """A moment on a clock. Safe to share between threads. All times are in seconds."""

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        cancelled: Event | None = None,
    ) -> None:
        """Once `cancelled` is set, no time is left."""
        self._clock = clock
        self._cancelled = cancelled
        self._started = clock()
        self._seconds = seconds
        self._lock = Lock()
        self._is_over = False
        self._stopped_at: float | None = None
        self.last_answer = ""
        """Why the last request failed, in the store's words."""
        self.retries = 0
        """The number of requests that were sent again."""

    @property
    def elapsed(self) -> float:
        """The time since the deadline was set."""
        stopped_at = self._stopped_at
        return (self._clock() if stopped_at is None else stopped_at) - self._started

    @property
    def left(self) -> float:
        """The time until the deadline; 0 after it."""
        is_over = self._is_over or self.is_cancelled
        return 0.0 if is_over else max(0.0, self._seconds - self.elapsed)

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return self.left <= 0

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for the write any more."""
        return self._cancelled is not None and self._cancelled.is_set()

    def allow(self, size: int) -> None:
        """Add the time that a body of `size` bytes may take."""
        with self._lock:
            self._seconds += size / MIN_RATE

    def count_retry(self) -> None:
        """A request is sent again."""
        with self._lock:
            self.retries += 1

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Do not count the time that the block takes. Not for two threads at a time."""
        stopped_at = self._stopped_at = self._clock()
        try:
            yield
        finally:
            with self._lock:
                self._started += self._clock() - stopped_at
                self._stopped_at = None

    def end(self) -> None:
        """Let every loop that keeps the deadline end with the request it has sent."""
        self._is_over = True


_current: ContextVar[Deadline | None] = ContextVar("truss_outputs_deadline", default=None)


def current_deadline() -> Deadline | None:
    """Return the deadline of the write that this code is part of; None outside of a write."""
    return _current.get()


@contextmanager
def within(deadline: Deadline) -> Iterator[None]:
    """Make `deadline` the current one for the block."""
    token = _current.set(deadline)
    try:
        yield
    finally:
        _current.reset(token)
