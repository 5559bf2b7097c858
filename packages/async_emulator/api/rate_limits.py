"""How often each operation may be called, and how many requests may be outstanding.

docs.baseten.co/inference/async, "Rate limits": 12,000 submits a minute and organization; 20 calls a second
for the status, for cancelling and for the queue (the guide of 2026-07 says 100 for the first two, the
reference 20). The reference of `async_predict`: 50,000 requests that are QUEUED or IN_PROGRESS.
"""

from collections import deque
from datetime import timedelta

from async_emulator.api import errors as api_errors
from async_emulator.api.operations import PERIODS, Operation
from async_emulator.settings.api import ApiSettings

_UNITS = {1: "second", 60: "minute"}


class RateLimit:
    """Admits at most `limit` calls within any `period`; refused calls do not count. Pure.

    Times are seconds of a clock that is never set, `Clock.monotonic`.

    Exact, at the price of a time for each call: 12,000 of them take half a megabyte.
    """

    def __init__(self, limit: int, period: timedelta) -> None:
        self.limit = limit
        self.period = period
        self._admitted: deque[float] = deque(maxlen=limit)

    def admit(self, now: float) -> bool:
        """Whether this call is within the limit."""
        admitted = self._admitted
        if len(admitted) == self.limit and now - admitted[0] < self.period.total_seconds():
            return False
        admitted.append(now)  # drops the oldest, which is older than the period
        return True


class RateLimits:
    """The limits of an organization, shared by its keys, models and chains. A setting of 0 is no limit."""

    def __init__(self, settings: ApiSettings) -> None:
        self._limits = {
            name: RateLimit(limit, period)
            for name, period in PERIODS.items()
            if (limit := getattr(settings, name)) and settings.rate_limits
        }
        self._most_outstanding = settings.outstanding_requests if settings.rate_limits else 0

    def check(self, operation: Operation, now: float) -> None:
        """Raise CallRefused, 429, where the operation is called too often."""
        limit = self._limits.get(operation.limit) if operation.limit else None
        if limit is not None and not limit.admit(now):
            unit = _UNITS[int(limit.period.total_seconds())]
            raise api_errors.rate_limited(f"{operation.name} takes {limit.limit} calls a {unit}")

    def check_outstanding(self, outstanding: int) -> None:
        """Raise CallRefused, 429, where one more request would be too many."""
        if self._most_outstanding and outstanding >= self._most_outstanding:
            raise api_errors.rate_limited(
                f"{self._most_outstanding} async requests may be QUEUED or IN_PROGRESS, and as many are"
            )
