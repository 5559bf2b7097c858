"""How many replicas a deployment has: more at once when requests wait, fewer after a time without need.

Between `min_replicas` and `max_replicas`, as docs.baseten.co/deployment/autoscaling/overview describes, with
two simplifications: demand is the number of predictions that run and wait now, not an average over a window;
and all surplus replicas end at once, not by halves. Queued requests count as demand: the async service's
calls scale a deployment up (docs.baseten.co/inference/async, "Autoscaling behavior").
"""

import asyncio
from typing import Protocol

from async_emulator.clock import Clock


class Scalable(Protocol):
    """A deployment whose number of replicas can change."""

    @property
    def replicas_needed(self) -> int:
        """How many replicas the current demand needs, within the bounds."""
        ...

    def scale_to(self, number: int) -> None:
        """Have so many replicas from now on."""
        ...


class Autoscaler:
    """Scales `deployment`, which has `wanted` replicas; down after `delay` seconds without need."""

    def __init__(self, deployment: Scalable, *, clock: Clock, delay: float, wanted: int) -> None:
        self._clock = clock
        self._delay = delay
        self._deployment = deployment
        self._wanted = wanted
        self._changed = asyncio.Event()

    def load_changed(self) -> None:
        """Decide again: the demand may have changed."""
        if not self._changed.is_set():
            self._changed.set()

    def wake(self) -> None:
        """Have at least one replica, for as long as a replica without need would stay."""
        if self._wanted == 0:
            self._wanted = 1
            self._deployment.scale_to(1)
        self.load_changed()

    async def run(self) -> None:
        """Scale until cancelled."""
        while True:
            self._changed.clear()
            needed = self._deployment.replicas_needed
            if needed > self._wanted:
                self._wanted = needed
                self._deployment.scale_to(needed)
            if needed == self._wanted:
                await self._changed.wait()
            else:
                await self._wait_and_scale_down()

    async def _wait_and_scale_down(self) -> None:
        """End the replicas without need in the whole delay; return early once all are needed again."""
        most = self._deployment.replicas_needed
        try:
            async with self._clock.timeout(self._delay):
                while most < self._wanted:
                    await self._changed.wait()
                    self._changed.clear()
                    most = max(most, self._deployment.replicas_needed)
        except TimeoutError:
            self._wanted = most
            self._deployment.scale_to(most)
