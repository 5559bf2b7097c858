"""The slots of a deployment: how many predictions run at once, on which replica, and in which order.

Sync requests always take priority over async requests, and both count (docs.baseten.co/inference/async,
"Can I run sync and async requests on the same model?"). Each replica takes as many at once as the
concurrency target says (docs.baseten.co/deployment/autoscaling/overview); the least busy gets the next.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Protocol

from async_emulator.prediction.model import Model


class SlotWatcher(Protocol):
    """Starts async predictions where there is room."""

    def slot_freed(self) -> None:
        """At least one slot is free, and no sync request waits for it."""
        ...


class LoadWatcher(Protocol):
    """Adds and removes replicas as the load asks for."""

    def load_changed(self) -> None:
        """There may be more to do than before, or less."""
        ...


class ReplicaSlots:
    """The slots of one replica. `suspected` is set when the replica has not answered a prediction."""

    __slots__ = ("idle", "in_use", "is_open", "model", "name", "size", "suspected")

    def __init__(self, model: Model, size: int, name: str = "") -> None:
        self.model = model
        self.size = size
        self.name = name
        self.in_use = 0
        self.is_open = False
        self.idle = asyncio.Event()
        self.idle.set()
        self.suspected = asyncio.Event()


class Capacity:
    """The slots of all replicas. While no replica is ready there are none.

    Sync requests wait only while there is no room, and a slot that becomes free goes to them first.
    """

    def __init__(self) -> None:
        self._slot_watchers: list[SlotWatcher] = []
        self._load_watchers: list[LoadWatcher] = []
        self._replicas: list[ReplicaSlots] = []
        self._free = 0
        self._sync_waiters: deque[asyncio.Future[ReplicaSlots]] = deque()

    def watch_slots(self, watcher: SlotWatcher) -> None:
        """Tell `watcher` whenever an async request might get a slot."""
        self._slot_watchers.append(watcher)

    def watch_load(self, watcher: LoadWatcher) -> None:
        """Tell `watcher` whenever the load may have changed."""
        self._load_watchers.append(watcher)

    def report_load(self) -> None:
        """Tell the watchers that the load may have changed."""
        for watcher in self._load_watchers:
            watcher.load_changed()

    @property
    def is_open(self) -> bool:
        """Whether a replica is ready."""
        return bool(self._replicas)

    @property
    def replicas(self) -> tuple[ReplicaSlots, ...]:
        """The replicas that are ready."""
        return tuple(self._replicas)

    @property
    def demand(self) -> int:
        """The number of predictions that run, plus the sync requests that wait."""
        return sum(replica.in_use for replica in self._replicas) + len(self._sync_waiters)

    def open(self, replica: ReplicaSlots) -> None:
        """Hand out the slots of a replica that is ready."""
        if not replica.is_open:
            replica.is_open = True
            self._replicas.append(replica)
            self._free += replica.size - replica.in_use
        self._hand_out()
        self.report_load()

    def close(self, replica: ReplicaSlots) -> None:
        """Hand out no further slot of a replica; the slots in use stay in use."""
        if replica.is_open:
            replica.is_open = False
            self._replicas.remove(replica)
            self._free -= replica.size - replica.in_use

    def suspect(self, replica: ReplicaSlots) -> None:
        """The replica did not answer a prediction: close it, and have its supervisor look after it."""
        self.close(replica)
        replica.suspected.set()

    def close_all(self) -> None:
        """Hand out no further slot at all."""
        for replica in list(self._replicas):
            self.close(replica)

    @property
    def has_room(self) -> bool:
        """Whether a slot is free."""
        return self._free > 0

    def may_keep(self, replica: ReplicaSlots) -> bool:
        """Whether a slot's holder may reuse it: its replica is ready, and no sync request waits."""
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
        self.report_load()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                with suppress(ValueError):
                    self._sync_waiters.remove(waiter)
                self.report_load()
            else:
                self.give_back(waiter.result())  # the slot came at the moment the caller left
            raise

    def give_back(self, replica: ReplicaSlots) -> None:
        """Free the slot of a prediction that has ended."""
        replica.in_use -= 1
        if not replica.in_use:
            replica.idle.set()
        if replica.is_open:
            self._free += 1
        self._hand_out()
        self.report_load()

    def _hand_out(self) -> None:
        while self.has_room and self._sync_waiters:
            waiter = self._sync_waiters.popleft()
            if not waiter.cancelled():
                waiter.set_result(self.take())
        if self.has_room:
            for watcher in self._slot_watchers:
                watcher.slot_freed()


def _load(replica: ReplicaSlots) -> float:
    return replica.in_use / replica.size
