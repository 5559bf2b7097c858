"""How many calls a run may make, and how long it may take."""

from async_conformance.clock import Clock


class BudgetSpent(Exception):
    """The run has made all its calls, or its time is up."""


class Budget:
    """Counts the calls of a run."""

    def __init__(self, *, max_calls: int, max_seconds: float, clock: Clock) -> None:
        self.calls = 0
        self._max_calls = max_calls
        self._max_seconds = max_seconds
        self._clock = clock
        self._start = clock.seconds()

    @property
    def calls_left(self) -> int:
        """The calls that may still be made."""
        return self._max_calls - self.calls

    @property
    def seconds_left(self) -> float:
        """The seconds that are left."""
        return self._start + self._max_seconds - self._clock.seconds()

    def spend(self, calls: int = 1) -> None:
        """Count calls that are about to be made. Raises BudgetSpent where they are too many."""
        if self.calls_left < calls:
            raise BudgetSpent(f"all {self._max_calls} calls are made (--max-calls)")
        if self.seconds_left <= 0:
            raise BudgetSpent(f"the {self._max_seconds / 60:g} minutes are over (--max-minutes)")
        self.calls += calls
