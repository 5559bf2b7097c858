"""Calls that block, made for coroutines: their event loop goes on meanwhile.

asyncio's own `to_thread` would keep a process from ending until each of its calls has returned.
"""

import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from truss_outputs.daemon_threads import DaemonThreads, Outcome

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

# Our choice: as many threads as Truss has for hooks that are not async (anyio's default).
_AT_ONCE = 40


def is_loop_running() -> bool:
    """Whether this thread runs an event loop, which code that blocks would hold up."""
    asyncio = sys.modules.get("asyncio")  # imported where a loop runs
    return asyncio is not None and asyncio._get_running_loop() is not None


class AwaitedCalls:
    """Calls on daemon threads, 40 at a time, the others in the order in which they were asked for."""

    def __init__(self, name: str, *, at_once: int = _AT_ONCE) -> None:
        """`name` is the name of the threads."""
        self._threads = DaemonThreads(name)
        self._at_once = at_once
        self._lock = Lock()
        self._under_way = 0
        self._waiting: deque[Callable[[], None]] = deque()

    async def call(self, operation: Callable[[], T]) -> T:
        """Return or raise what `operation` does, on another thread, with this task's context variables.

        A task that is cancelled waits no longer. An operation that has begun by then goes on, and one that
        has not never begins.
        """
        import asyncio  # whoever awaits this has imported it

        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Outcome[T]] = loop.create_future()
        context = copy_context()

        def task() -> None:
            if answer.cancelled():
                return
            outcome = context.run(Outcome, operation)
            with suppress(RuntimeError):  # the loop was closed, so nobody waits
                loop.call_soon_threadsafe(_settle, answer, outcome)

        self._start(task)
        return (await answer).result()

    def _start(self, task: Callable[[], None]) -> None:
        with self._lock:
            if self._under_way == self._at_once:
                self._waiting.append(task)
                return
            self._under_way += 1
        try:
            self._threads.start(lambda: self._work(task), lambda outcome: None)
        except BaseException:
            with self._lock:
                self._under_way -= 1
            raise

    def _work(self, task: Callable[[], None]) -> None:
        while True:
            task()
            with self._lock:
                if not self._waiting:
                    self._under_way -= 1
                    return
                task = self._waiting.popleft()


def _settle(answer: "asyncio.Future[Outcome[T]]", outcome: "Outcome[T]") -> None:
    if not answer.done():
        answer.set_result(outcome)
