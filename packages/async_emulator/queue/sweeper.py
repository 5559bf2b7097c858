"""Expires requests that have waited too long, deletes those that ended long ago, and scrubs erased inputs."""

import asyncio
import contextlib
from datetime import datetime, timedelta

from async_emulator.clock import Clock
from async_emulator.errors import DataDirFailed
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_queue import RequestQueue
from async_inference.codes import RequestStatus

SCRUB_AFTER = timedelta(seconds=10)
"""How long after its request's end an input may still stand in the queue's write-ahead log. Our choice."""

INTERVAL = timedelta(seconds=60)
"""How often ended requests are deleted. A request expires at its deadline, not at the next interval."""

RETRY_AFTER = timedelta(seconds=1)
"""How soon to sweep again where the disk failed."""


class Sweeper:
    """Sweeps one queue, for all deployments. It watches the queue for deadlines before its next sweep."""

    def __init__(self, queue: RequestQueue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock
        self._next = clock.now()
        self._next_scrub: datetime | None = None
        self._sooner = asyncio.Event()
        queue.watch(self)

    def status_changed(self, before: AsyncRequest | None, after: AsyncRequest) -> None:
        """Sweep sooner where a QUEUED request expires before the next sweep, or where an input is erased."""
        due = after.queue_deadline if after.status is RequestStatus.QUEUED else self._next
        if after.status.is_terminal and self._next_scrub is None:
            due = self._next_scrub = after.status_at + SCRUB_AFTER
        if due < self._next:
            self._sooner.set()

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            now = self._clock.now()
            self._next = now + INTERVAL
            try:
                self._sweep(now)
            except DataDirFailed:
                self._next = now + RETRY_AFTER
            self._sooner.clear()
            with contextlib.suppress(TimeoutError):
                async with self._clock.timeout((self._next - now).total_seconds()):
                    await self._sooner.wait()

    def _sweep(self, now: datetime) -> None:
        if self._next_scrub is not None and self._next_scrub <= now:
            self._queue.scrub()
            self._next_scrub = None
        self._queue.expire_due(now)
        self._queue.forget_ended(now)
        due = (self._queue.next_deadline(), self._next_scrub)
        self._next = min([self._next, *(time for time in due if time is not None)])
