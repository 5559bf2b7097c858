"""How many replicas a deployment has: up at once where requests wait, down after a while without need.

Between `min_replicas` and `max_replicas`, as docs.baseten.co/deployment/autoscaling/overview describes, with
two simplifications: need is what runs and waits now, not an average over a window; and what is too much goes
at once, not by halves. Queued requests count: the call of the async service is what scales a deployment up
(docs.baseten.co/inference/async, "Autoscaling behavior").
"""

import asyncio
from collections.abc import Callable

from async_emulator.clock import Clock


class Autoscaler:
    """Scales one deployment that has `wanted` replicas. `needed` tells how many would do now."""

    def __init__(
        self,
        *,
        clock: Clock,
        delay: float,
        wanted: int,
        needed: Callable[[], int],
        scale_to: Callable[[int], None],
    ) -> None:
        self._clock = clock
        self._delay = delay
        self._needed = needed
        self._scale_to = scale_to
        self._wanted = wanted
        self._changed = asyncio.Event()

    def look(self) -> None:
        """The need may have changed."""
        if not self._changed.is_set():
            self._changed.set()

    def wake(self) -> None:
        """Have at least one replica, for as long as one would stay that nobody needs."""
        if self._wanted == 0:
            self._wanted = 1
            self._scale_to(1)
        self.look()

    async def run(self) -> None:
        """Scale until cancelled."""
        while True:
            self._changed.clear()
            needed = self._needed()
            if needed > self._wanted:
                self._wanted = needed
                self._scale_to(needed)
            if needed == self._wanted:
                await self._changed.wait()
            else:
                await self._wait_and_scale_down()

    async def _wait_and_scale_down(self) -> None:
        """End what nobody needs for the whole delay; return early where all of it is needed again."""
        most = self._needed()
        try:
            async with self._clock.timeout(self._delay):
                while most < self._wanted:
                    await self._changed.wait()
                    self._changed.clear()
                    most = max(most, self._needed())
        except TimeoutError:
            self._wanted = most
            self._scale_to(most)
