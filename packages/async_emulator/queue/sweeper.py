"""Expires requests that have waited too long, deletes those that ended long ago, and scrubs erased inputs."""

import asyncio
import contextlib
from datetime import datetime, timedelta

from async_emulator.clock import Clock
from async_emulator.errors import DataDirFailed
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_queue import RequestQueue
from async_inference.codes import RequestStatus

INTERVAL = timedelta(seconds=60)
"""How often ended requests are deleted. A request expires at its deadline, not at the next interval."""

RETRY_INTERVAL = timedelta(seconds=1)
"""How often it is tried to sweep while the disk fails."""

SCRUB_SECONDS = 10.0
"""How long after its request's end an input may still stand in the queue's write-ahead log. Our choice."""


class Sweeper:
    """Sweeps one queue, for all deployments. It watches the queue for what is due before its next sweep."""

    def __init__(self, queue: RequestQueue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock
        self._next = clock.now()
        self._scrub_at: float | None = None  # by the monotonic clock
        self._sooner = asyncio.Event()
        queue.watch(self)

    def status_changed(self, before: AsyncRequest | None, after: AsyncRequest) -> None:
        """Sweep sooner where a QUEUED request expires before the next sweep, or where an input is erased."""
        if after.status is RequestStatus.QUEUED:
            if after.queue_deadline < self._next:
                self._sooner.set()
        elif after.status.is_terminal and self._scrub_at is None:
            self._scrub_at = self._clock.monotonic() + SCRUB_SECONDS
            self._sooner.set()

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            self._sooner.clear()
            now = self._clock.now()
            try:
                self._next = self._sweep(now)
            except DataDirFailed:
                self._next = now + RETRY_INTERVAL
            seconds = (self._next - now).total_seconds()
            if self._scrub_at is not None:
                seconds = min(seconds, self._scrub_at - self._clock.monotonic())
            with contextlib.suppress(TimeoutError):
                async with self._clock.timeout(seconds):
                    await self._sooner.wait()

    def _sweep(self, now: datetime) -> datetime:
        """Do all that is due; return when to sweep again, but for scrubbing."""
        self._queue.expire_due(now)
        self._queue.forget_ended(now)
        if self._scrub_at is not None and self._scrub_at <= self._clock.monotonic():
            self._queue.scrub()
            self._scrub_at = None
        deadline = self._queue.next_deadline()
        return min(now + INTERVAL, deadline) if deadline is not None else now + INTERVAL
