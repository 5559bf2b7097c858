"""One commit for all that changes in one turn of the event loop.

A commit costs as much as everything else about a change, and under load many changes come at once: they wait
for each other no longer than it takes the loop to come round.
"""

import asyncio

from async_emulator.queue.request_queue import RequestQueue


class _Batch:
    """The changes that share a commit, and how it went."""

    def __init__(self) -> None:
        self.is_over = asyncio.Event()
        self.error: Exception | None = None


class GroupCommit:
    """Commits `queue` now, and from now on soon after each change. Needs a running event loop."""

    def __init__(self, queue: RequestQueue) -> None:
        self._queue = queue
        self._batch: _Batch | None = None
        queue.on_change = self._begin
        queue.commit()  # a change tells only when it is the first of a commit

    async def wait(self) -> None:
        """Return once every change made so far is durable. Raises what kept it from becoming so."""
        if (batch := self._batch) is not None:
            await batch.is_over.wait()
            if batch.error is not None:
                raise batch.error

    def _begin(self) -> None:
        if self._batch is None:
            self._batch = _Batch()
            asyncio.get_running_loop().call_soon(self._end, self._batch)

    def _end(self, batch: _Batch) -> None:
        self._batch = None
        try:
            self._queue.commit()
        except Exception as error:
            batch.error = error
        batch.is_over.set()
