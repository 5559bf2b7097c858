"""Which deliveries may be under way at once.

Every receiver has its own share, so that a slow one holds up only what is sent to itself: it may hold as much
as is still free for all others. One receiver alone gets half of everything, two get a third each, and so on;
something is left for the next one.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from yarl import URL

_PLACES = 256
"""Deliveries under way at once, so that slow receivers do not use up this process's sockets. Our choice."""
_BYTES = 128 * 1024 * 1024
"""Bytes of outputs under way at once, beyond the first of each receiver. Our choice."""


def receiver_of(url: str) -> str:
    """Return the receiver's scheme, host and port: two urls with the same have the same receiver."""
    return str(URL(url).origin())


class DeliveryPlaces:
    """Gives places to deliveries, for each receiver in the order in which they asked."""

    def __init__(self, *, places: int = _PLACES, most_bytes: int = _BYTES) -> None:
        self._free_places = places
        self._free_bytes = most_bytes
        self._in_use: dict[str, _Share] = {}
        self._waiting: dict[str, deque[_Waiter]] = {}

    @asynccontextmanager
    async def place(self, receiver: str, size: int) -> AsyncIterator[None]:
        """Wait until a delivery of `size` bytes to `receiver` may begin; it has its place in the context."""
        if receiver in self._waiting or not self._may_begin(receiver, size):
            held = await self._wait(receiver, size)
        else:
            held = self._take(receiver, size)
        try:
            yield
        finally:
            self._give_back(receiver, held)

    async def _wait(self, receiver: str, size: int) -> int:
        waiter = _Waiter(size)
        self._waiting.setdefault(receiver, deque()).append(waiter)
        try:
            return await waiter.bytes_held
        except asyncio.CancelledError:
            if not waiter.bytes_held.cancelled():  # the place came at the moment of the cancellation
                self._give_back(receiver, waiter.bytes_held.result())
            raise

    def _may_begin(self, receiver: str, size: int) -> bool:
        share = self._in_use.get(receiver)
        if share is None:
            return self._free_places > 0
        return share.places < self._free_places and share.bytes + size <= self._free_bytes - size

    def _take(self, receiver: str, size: int) -> int:
        """Take a place, and return the bytes that it holds: the first one of a receiver holds none."""
        share = self._in_use.setdefault(receiver, _Share())
        held = size if share.places else 0
        share.places += 1
        share.bytes += held
        self._free_places -= 1
        self._free_bytes -= held
        return held

    def _give_back(self, receiver: str, held: int) -> None:
        share = self._in_use[receiver]
        share.places -= 1
        share.bytes -= held
        self._free_places += 1
        self._free_bytes += held
        if not share.places:
            del self._in_use[receiver]
        self._hand_out()

    def _hand_out(self) -> None:
        served = []
        for receiver, waiters in self._waiting.items():
            if not self._free_places:
                break
            self._serve(receiver, waiters)
            if not waiters:
                served.append(receiver)
        for receiver in served:
            del self._waiting[receiver]

    def _serve(self, receiver: str, waiters: "deque[_Waiter]") -> None:
        """Give places to the first waiters of one receiver, as far as its share reaches."""
        while waiters:
            waiter = waiters[0]
            if not waiter.bytes_held.cancelled():
                if not self._may_begin(receiver, waiter.size):
                    return
                waiter.bytes_held.set_result(self._take(receiver, waiter.size))
            waiters.popleft()


class _Share:
    """What one receiver holds."""

    __slots__ = ("bytes", "places")

    def __init__(self) -> None:
        self.places = 0
        self.bytes = 0


class _Waiter:
    """A delivery that waits for its place; `bytes_held` is set when it has one."""

    __slots__ = ("bytes_held", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.bytes_held: asyncio.Future[int] = asyncio.get_running_loop().create_future()
