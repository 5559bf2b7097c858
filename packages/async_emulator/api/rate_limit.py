"""A rate limit. Pure: `now` comes from the caller."""

from collections import deque
from datetime import datetime, timedelta


class RateLimit:
    """Admits at most `limit` calls within any `period`; what was refused does not count.

    Exact, at the price of a time for each call: 12,000 of them take half a megabyte.
    """

    def __init__(self, limit: int, period: timedelta) -> None:
        self.limit = limit
        self.period = period
        self._admitted: deque[datetime] = deque(maxlen=limit)

    def admit(self, now: datetime) -> bool:
        """Whether this call is within the limit."""
        admitted = self._admitted
        if len(admitted) == self.limit and now - admitted[0] < self.period:
            return False
        admitted.append(now)  # and the oldest, which is out of the period by now, goes
        return True
