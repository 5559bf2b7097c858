"""Retries of a store operation, with growing pauses, within a time budget."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from truss_outputs.deadline import Deadline, current_deadline
from truss_outputs.errors import StoreError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Tries with full jitter: each pause is random, up to a ceiling that doubles.

    All times are in seconds. Within a write, the write's deadline takes the place of `budget`. The default of
    20 s is our choice: it outlives an outage of 8 s, in which the SDKs' own retries give up.
    """

    first: float = 0.1
    longest: float = 2.0
    budget: float = 20.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random

    def deadline(self, cancelled: Event | None = None) -> Deadline:
        """Return the moment at which a budget that begins now ends, or at which `cancelled` is set."""
        return Deadline(self.budget, clock=self.clock, cancelled=cancelled)

    def tries(self) -> Iterator[int]:
        """Yield 1 for the first try, 2 after a pause, and so on while the next pause fits the budget."""
        deadline = current_deadline() or self.deadline()
        ceiling = self.first
        number = 1
        while True:
            yield number
            pause = self.random() * ceiling
            if deadline.is_over or pause > deadline.left:
                return
            self.sleep(pause)
            deadline.count_retry()
            ceiling = min(2 * ceiling, self.longest)
            number += 1

    def call(self, operation: Callable[[], T]) -> T:
        """Call `operation`, again after each transient StoreError.

        At the end the last error is raised, with how long was tried.
        """
        deadline = current_deadline() or self.deadline()
        last: StoreError | None = None
        number = 0
        for number in self.tries():  # noqa: B007  # it is read below
            try:
                return operation()
            except StoreError as error:
                if not error.is_transient:
                    raise
                last = error
                deadline.last_answer = error.reason
        assert last is not None  # noqa: S101  # there is always a first try
        raise StoreError(last.url, f"{last.reason}; {tried(number, deadline)}") from last


def tried(number: int, deadline: Deadline) -> str:
    """Say how often and how long something was tried."""
    times = "once" if number == 1 else f"{number} times"
    return f"tried {times}, given up after {deadline.elapsed:.1f} s"
