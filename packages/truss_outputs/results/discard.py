"""Deletes what a write that failed, or that came second, has left in the store."""

import logging
from collections import deque
from collections.abc import Iterable
from queue import SimpleQueue

from truss_outputs.daemon_threads import DaemonThreads, Outcome, next_of
from truss_outputs.deadline import Deadline, DeadlinePassed, within
from truss_outputs.errors import StoreError
from truss_outputs.store import Store

_log = logging.getLogger(__name__)

# Our choice. The caller waits for it, and `truss-async gc` finds the rest.
DISCARD_SECONDS = 2.0

_AT_ONCE = 8


def discard(store: Store, keys: Iterable[str], *, threads: DaemonThreads, deadline: Deadline) -> None:
    """Delete the objects, several at once, until the deadline. What is left behind is only logged."""
    waiting = deque(keys)
    left = set(waiting)
    deleted: SimpleQueue[tuple[str, Outcome[None]]] = SimpleQueue()

    def delete_some() -> None:
        with within(deadline):
            while not deadline.is_over:
                try:
                    key = waiting.popleft()
                except IndexError:
                    return
                deleted.put((key, Outcome(lambda key=key: store.delete(key))))  # type: ignore[misc]

    for _ in range(min(_AT_ONCE, len(waiting))):
        threads.start(delete_some, lambda outcome: None)
    try:
        while left:
            key, outcome = next_of(deleted, deadline)
            left.discard(key)
            try:
                outcome.result()
            except StoreError as error:
                _log.warning("left behind, though no result names it: %s", error)
    except DeadlinePassed:
        _log.warning("%d objects left behind, though no result names them: %s", len(left), store.url)
    finally:
        deadline.end()
