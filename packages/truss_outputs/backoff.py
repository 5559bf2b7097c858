"""How long to go on trying a store that may yet answer."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from truss_outputs.errors import StoreError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Tries with full jitter between them: each pause is random, up to a ceiling that doubles.

    Seconds throughout. The SDKs' own retries end before an outage of 8 s does; 20 s in all outlive it.
    """

    first: float = 0.1
    longest: float = 2.0
    budget: float = 20.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random

    def tries(self) -> Iterator[int]:
        """1 for the first try, 2 after a pause, and so on until one more pause would exceed the budget."""
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
        """What `operation` returns, called again while the store may yet answer. Its last error otherwise."""
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
