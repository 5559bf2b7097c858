"""What time does to requests: those that have waited too long expire, those long ended are forgotten."""

import asyncio
import contextlib
from datetime import datetime, timedelta

from async_emulator.clock import Clock
from async_emulator.queue.request_queue import RequestQueue

INTERVAL = timedelta(seconds=60)
"""How often ended requests are forgotten. A request expires on time."""


class Sweeper:
    """Sweeps one queue, of all deployments."""

    def __init__(self, queue: RequestQueue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock
        self._next = clock.now()
        self._sooner = asyncio.Event()

    def expect(self, queue_deadline: datetime) -> None:
        """A request is in the queue now, to expire at `queue_deadline`."""
        if queue_deadline < self._next:
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
