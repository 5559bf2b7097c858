"""One commit for all changes of one turn of the event loop.

A commit costs as much as the rest of a change, and under load many changes happen in the same turn. Sharing
the commit delays each of them by at most that turn.
"""

import asyncio

from async_emulator.clock import Clock
from async_emulator.queue.request_queue import RequestQueue

RETRY_SECONDS = 1.0
"""How long after a commit that failed, such as on a full disk, the next is tried."""


class _Batch:
    """The changes that share a commit, and the commit's result."""

    def __init__(self) -> None:
        self.is_over = asyncio.Event()
        self.error: Exception | None = None


class GroupCommit:
    """Commits `queue` at once, and from then on shortly after each change. Needs a running event loop.

    After a commit that failed it tries again until one succeeds, or until `stop`.
    """

    def __init__(self, queue: RequestQueue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock
        self._batch: _Batch | None = None
        self._retrying: asyncio.Task[None] | None = None
        queue.commit_by(self)
        queue.commit()  # only the first change after a commit is reported: none may be pending

    async def wait(self) -> None:
        """Return once every change made so far is durable. Raises the error of the commit that failed."""
        if (batch := self._batch) is not None:
            await batch.is_over.wait()
            if batch.error is not None:
                raise batch.error

    def changes_began(self) -> None:
        """Commit at the end of this turn of the event loop."""
        if self._batch is None:
            self._batch = _Batch()
            asyncio.get_running_loop().call_soon(self._commit, self._batch)

    def stop(self) -> None:
        """Try no commit again."""
        if self._retrying is not None:
            self._retrying.cancel()

    def _commit(self, batch: _Batch) -> None:
        self._batch = None
        try:
            self._queue.commit()
        except Exception as error:
            batch.error = error
            if self._retrying is None:
                self._retrying = asyncio.get_running_loop().create_task(self._retry())
        batch.is_over.set()

    async def _retry(self) -> None:
        try:
            while True:
                await self._clock.sleep(RETRY_SECONDS)
                try:
                    return self._queue.commit()
                except Exception:  # noqa: S112 - the queue has logged it
                    continue
        finally:
            self._retrying = None
