"""How many predictions run at once on a deployment, on which replica, and who goes first.

Sync requests always take priority over async requests, and both count (docs.baseten.co/inference/async,
"Can I run sync and async requests on the same model?"). Each replica takes as many at once as the
concurrency target says (docs.baseten.co/deployment/autoscaling/overview); the least busy gets the next.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from async_emulator.prediction.model import Model


class ReplicaSlots:
    """The slots of one replica. `on_suspect` is called when the replica did not answer a prediction."""

    __slots__ = ("_on_suspect", "idle", "in_use", "is_open", "model", "size")

    def __init__(self, model: Model, size: int, on_suspect: Callable[[], None]) -> None:
        self.model = model
        self.size = size
        self.in_use = 0
        self.is_open = False
        self.idle = asyncio.Event()
        self.idle.set()
        self._on_suspect = on_suspect

    def suspect(self) -> None:
        """The replica did not answer: whoever keeps it running has to look after it."""
        self._on_suspect()


class Capacity:
    """The slots of all replicas. While none is ready nobody gets a slot.

    `on_free` is called whenever an async request might get a slot. Sync requests wait only while there is no
    room, and are handed what becomes free before anybody else is asked. `on_load` is called whenever there
    may be more to do or less. `wrap_model` may put something around each replica's model.
    """

    def __init__(self) -> None:
        self.wrap_model: Callable[[Model], Model] = lambda model: model
        self.on_free: Callable[[], None] = lambda: None
        self.on_load: Callable[[], None] = lambda: None
        self._replicas: list[ReplicaSlots] = []
        self._free = 0
        self._sync_waiters: deque[asyncio.Future[ReplicaSlots]] = deque()

    @property
    def is_open(self) -> bool:
        """Whether a replica is ready."""
        return bool(self._replicas)

    @property
    def demand(self) -> int:
        """How many predictions run, and how many sync requests wait to."""
        return sum(replica.in_use for replica in self._replicas) + len(self._sync_waiters)

    def open(self, replica: ReplicaSlots) -> None:
        """A replica is ready."""
        if not replica.is_open:
            replica.is_open = True
            self._replicas.append(replica)
            self._free += replica.size - replica.in_use
        self._hand_out()
        self.on_load()

    def close(self, replica: ReplicaSlots) -> None:
        """A replica takes nothing new. Who has a slot of it keeps it."""
        if replica.is_open:
            replica.is_open = False
            self._replicas.remove(replica)
            self._free -= replica.size - replica.in_use

    def close_all(self) -> None:
        """Nobody gets a slot any more."""
        for replica in list(self._replicas):
            self.close(replica)

    @property
    def has_room(self) -> bool:
        """Whether a slot is free."""
        return self._free > 0

    def may_keep(self, replica: ReplicaSlots) -> bool:
        """Whether who has a slot may go on with it: its replica is ready, and no sync request waits."""
        return replica.is_open and not self._sync_waiters

    def take(self) -> ReplicaSlots:
        """Take a free slot, of the least busy replica."""
        replicas = self._replicas
        replica = replicas[0] if len(replicas) == 1 else min(replicas, key=_load)
        replica.in_use += 1
        replica.idle.clear()
        self._free -= 1
        return replica

    async def take_for_sync(self) -> ReplicaSlots:
        """Wait for a slot, ahead of every async request."""
        if self.has_room:
            return self.take()
        waiter: asyncio.Future[ReplicaSlots] = asyncio.get_running_loop().create_future()
        self._sync_waiters.append(waiter)
        self.on_load()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                with suppress(ValueError):
                    self._sync_waiters.remove(waiter)
                self.on_load()
            else:
                self.give_back(waiter.result())  # the slot came at the moment the caller left
            raise

    def give_back(self, replica: ReplicaSlots) -> None:
        """A prediction has ended."""
        replica.in_use -= 1
        if not replica.in_use:
            replica.idle.set()
        if replica.is_open:
            self._free += 1
        self._hand_out()
        self.on_load()

    def _hand_out(self) -> None:
        while self.has_room and self._sync_waiters:
            waiter = self._sync_waiters.popleft()
            if not waiter.cancelled():
                waiter.set_result(self.take())
        if self.has_room:
            self.on_free()


def _load(replica: ReplicaSlots) -> float:
    return replica.in_use / replica.size
