"""Threads for calls that may never return, so that their caller need not wait for them.

They are daemons: a call that hangs does not keep the process from ending.
"""

import os
import threading
from collections.abc import Callable
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from truss_outputs.deadline import Deadline, DeadlinePassed

T = TypeVar("T")

# A new thread costs 40 to 100 µs, one that waits 15. Our choice.
_IDLE_SECONDS = 2.0


class Outcome(Generic[T]):
    """What a call returned or raised."""

    def __init__(self, call: Callable[[], T]) -> None:
        self.error: BaseException | None = None
        try:
            self._value = call()
        except BaseException as error:  # raised again in the thread that waits for it
            self.error = error

    def result(self) -> T:
        """Return what the call returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return self._value


class DaemonThreads:
    """Threads that are started on demand, used again, and end when they have nothing to do for 2 s."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._idle: list[_Worker] = []
        self._process = os.getpid()

    def start(self, call: Callable[[], T], done: Callable[[Outcome[T]], None]) -> None:
        """Call `call` on another thread, with this one's context variables, and there `done` at its end."""
        if self._process != os.getpid():  # a fork has no threads but its own
            self._process, self._idle = os.getpid(), []
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = _Worker(self._name, self._idle)
        context = copy_context()

        def task() -> Callable[[], None]:
            outcome = context.run(Outcome, call)
            return lambda: done(outcome)

        worker.tasks.put(task)

    def close(self) -> None:
        """End the threads that have nothing to do, and wait until they have ended."""
        while self._idle:
            worker = self._idle.pop()
            worker.tasks.put(None)
            worker.thread.join()

    def call(
        self,
        operation: Callable[[], T],
        deadline: Deadline | None = None,
        *,
        at_most: float | None = None,
    ) -> T:
        """Return or raise what `operation` does, on another thread. Raises DeadlinePassed at the deadline.

        The operation is not ended then: nobody waits for it any more. An operation that takes `at_most` so
        many seconds is called on this thread if they are left: a change of threads costs 50 to 100 µs.
        """
        if deadline is not None and at_most is not None and at_most <= deadline.left:
            return operation()
        outcomes: SimpleQueue[Outcome[T]] = SimpleQueue()
        self.start(operation, outcomes.put)
        return (next_of(outcomes, deadline) if deadline else outcomes.get()).result()


def next_of(queue: "SimpleQueue[T]", deadline: Deadline) -> T:
    """Return the queue's next item. Raises DeadlinePassed if none comes before the deadline."""
    while True:
        try:
            return queue.get(timeout=deadline.left)
        except Empty:
            if deadline.is_over:  # it may have been moved meanwhile
                raise DeadlinePassed from None


class _Worker:
    def __init__(self, name: str, idle: "list[_Worker]") -> None:
        self.tasks: SimpleQueue[Callable[[], Callable[[], None]] | None] = SimpleQueue()
        self.thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._idle = idle
        self.thread.start()

    def _work(self) -> None:
        while True:
            try:
                task = self.tasks.get(timeout=_IDLE_SECONDS)
            except Empty:
                try:
                    self._idle.remove(self)
                except ValueError:  # taken at this moment: its task is on the way
                    continue
                return
            if task is None:
                return
            tell = task()
            self._idle.append(self)  # before `tell`: its receiver may have the next task at once
            tell()
            del task, tell  # and with them the body that they may hold
