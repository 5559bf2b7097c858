"""The one place that reads time.

Every limit, timeout and retry of the emulator asks a Clock, so that a test can let 72 hours pass in a moment.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and waits."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some moment, for durations: they pass even where the time is set back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` have passed."""
        ...

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """Return a context whose body raises TimeoutError once `seconds` have passed."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the seconds since some moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` have passed."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float) -> asyncio.Timeout:
        """Return a context whose body raises TimeoutError once `seconds` have passed."""
        return asyncio.timeout(seconds)


class AdvanceableClock:
    """The machine's own time plus all advances, which end waits too."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._timeouts: set[asyncio.Timeout] = set()

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC) + self._ahead

    def monotonic(self) -> float:
        """Return the seconds since some moment, with all advances."""
        return time.monotonic() + self._ahead.total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` have passed."""
        if seconds <= 0:
            return
        with contextlib.suppress(TimeoutError):
            async with self.timeout(seconds):
                await asyncio.get_running_loop().create_future()

    @contextlib.asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncIterator[asyncio.Timeout]:
        """Return a context whose body raises TimeoutError once `seconds` have passed."""
        async with asyncio.timeout(seconds) as timeout:
            self._timeouts.add(timeout)
            try:
                yield timeout
            finally:
                self._timeouts.discard(timeout)

    def advance(self, seconds: float) -> None:
        """Advance by `seconds`, and end the waits that are over. Raises OverflowError past the last date."""
        self.now() + timedelta(seconds=seconds)
        self._ahead += timedelta(seconds=seconds)
        for timeout in self._timeouts:
            if not timeout.expired() and (when := timeout.when()) is not None:
                timeout.reschedule(when - seconds)


class ManualClock:
    """A clock that stands still until `advance`."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start
        self._passed = timedelta()
        self._sleepers: list[tuple[timedelta, asyncio.Future[None]]] = []
        self._timeouts: list[tuple[timedelta, asyncio.Timeout]] = []

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds by which the clock has been advanced."""
        return self._passed.total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Return once the clock has been advanced by `seconds`."""
        if seconds <= 0:
            return
        future = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._passed + timedelta(seconds=seconds), future))
        await future

    def timeout(self, seconds: float) -> asyncio.Timeout:
        """Return a context whose body raises TimeoutError once the clock has advanced by `seconds`."""
        timeout = asyncio.timeout(None)
        self._timeouts.append((self._passed + timedelta(seconds=seconds), timeout))
        return timeout

    def set(self, now: datetime) -> None:
        """Set the time as a person sets a machine's clock: no wait ends sooner or later."""
        self._now = now

    def advance(self, seconds: float) -> None:
        """Advance by `seconds`, and end the waits that are over."""
        self._now += timedelta(seconds=seconds)
        self._passed += timedelta(seconds=seconds)
        waiting, self._sleepers = self._sleepers, []
        for due, future in waiting:
            if future.done():
                continue
            if due <= self._passed:
                future.set_result(None)
            else:
                self._sleepers.append((due, future))
        running, self._timeouts = self._timeouts, []
        for due, timeout in running:
            if due > self._passed:
                self._timeouts.append((due, timeout))
            elif not timeout.expired():
                _expire(timeout)


def _expire(timeout: asyncio.Timeout) -> None:
    try:
        timeout.reschedule(asyncio.get_running_loop().time())
    except RuntimeError:
        return  # its body has already ended
