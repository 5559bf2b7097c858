"""Expires requests that have waited too long, and deletes those that ended long ago."""

import asyncio
import contextlib
from datetime import timedelta

from async_emulator.clock import Clock
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_queue import RequestQueue
from async_inference.codes import RequestStatus

INTERVAL = timedelta(seconds=60)
"""How often ended requests are deleted. A request expires at its deadline, not at the next interval."""


class Sweeper:
    """Sweeps one queue, for all deployments. It watches the queue for deadlines before its next sweep."""

    def __init__(self, queue: RequestQueue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock
        self._next = clock.now()
        self._sooner = asyncio.Event()
        queue.watch(self)

    def status_changed(self, before: AsyncRequest | None, after: AsyncRequest) -> None:
        """Sweep sooner where a QUEUED request expires before the next sweep."""
        if after.status is RequestStatus.QUEUED and after.queue_deadline < self._next:
            self._sooner.set()

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            now = self._clock.now()
            self._queue.expire_due(now)
            self._queue.forget_ended(now)
            self._next = now + INTERVAL
            if (deadline := self._queue.next_deadline()) is not None:
                self._next = min(self._next, deadline)
            self._sooner.clear()
            with contextlib.suppress(TimeoutError):
                async with self._clock.timeout((self._next - now).total_seconds()):
                    await self._sooner.wait()
