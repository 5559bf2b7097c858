"""Retries of a store operation, with growing pauses, within a time budget."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from truss_outputs.errors import StoreError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Tries with full jitter: each pause is random, up to a ceiling that doubles.

    All times are in seconds. The budget of 20 s is our choice: it outlives an outage of 8 s, in which the
    SDKs' own retries give up.
    """

    first: float = 0.1
    longest: float = 2.0
    budget: float = 20.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random

    def tries(self) -> Iterator[int]:
        """Yield 1 for the first try, 2 after a pause, and so on while the next pause fits the budget."""
        deadline = self.clock() + self.budget
        ceiling = self.first
        number = 1
        while True:
            yield number
            pause = self.random() * ceiling
            if self.clock() + pause > deadline:
                return
            self.sleep(pause)
            ceiling = min(2 * ceiling, self.longest)
            number += 1

    def call(self, operation: Callable[[], T]) -> T:
        """Call `operation`, again after each transient StoreError. Raises the last one at the end."""
        last: StoreError | None = None
        for _ in self.tries():
            try:
                return operation()
            except StoreError as error:
                if not error.is_transient:
                    raise
                last = error
        assert last is not None  # noqa: S101  # there is always a first try
        raise last
