"""How many predictions run at once on a deployment, and who goes first.

Sync requests always take priority over async requests, and both count (docs.baseten.co/inference/async,
"Can I run sync and async requests on the same model?").
"""

import asyncio
from collections import deque
from collections.abc import Callable


class Capacity:
    """Slots for predictions. While it is closed (no replica is ready) nobody gets one.

    `on_free` is called whenever an async request might get a slot. Sync requests wait only while there is no
    room, and are handed what becomes free before anybody else is asked.
    """

    def __init__(self, on_free: Callable[[], None]) -> None:
        self._slots = 0
        self._on_free = on_free
        self._in_use = 0
        self._is_open = False
        self._sync_waiters: deque[asyncio.Future[None]] = deque()

    @property
    def is_open(self) -> bool:
        """Whether a replica is ready."""
        return self._is_open

    def open(self, slots: int) -> None:
        """A replica is ready, for as many predictions at once."""
        self._slots = slots
        self._is_open = True
        self._hand_out()

    def close(self) -> None:
        """No replica is ready. Who has a slot keeps it."""
        self._is_open = False

    @property
    def has_room(self) -> bool:
        """Whether a slot is free."""
        return self._is_open and self._in_use < self._slots

    @property
    def may_keep(self) -> bool:
        """Whether who has a slot may go on with it: a replica is ready, and no sync request waits."""
        return self._is_open and self._in_use <= self._slots and not self._sync_waiters

    def take(self) -> None:
        """Take a free slot."""
        self._in_use += 1

    async def take_for_sync(self) -> None:
        """Wait for a slot, ahead of every async request."""
        if self.has_room:
            self.take()
            return
        waiter = asyncio.get_running_loop().create_future()
        self._sync_waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():
                self.give_back()  # the slot came at the moment the caller left
            raise

    def give_back(self) -> None:
        """A prediction has ended."""
        self._in_use -= 1
        self._hand_out()

    def _hand_out(self) -> None:
        while self.has_room and self._sync_waiters:
            waiter = self._sync_waiters.popleft()
            if not waiter.cancelled():
                self.take()
                waiter.set_result(None)
        if self.has_room:
            self._on_free()
