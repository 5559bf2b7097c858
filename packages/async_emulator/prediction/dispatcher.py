"""From the queue to the model and back: the one place that runs async requests.

Nothing polls. `wake` is called when another request may be able to start: one was enqueued, a slot became
free, a replica became ready, a pause is over.
"""

import asyncio
import contextlib
import heapq
import itertools
import logging
from collections.abc import Collection, Coroutine
from http import HTTPStatus

from async_emulator.clock import Clock
from async_emulator.errors import DataDirFailed, ReplicaUnreachable, UnknownRequest
from async_emulator.prediction.capacity import Capacity, ReplicaSlots
from async_emulator.prediction.connections import Connections
from async_emulator.prediction.ending import Ending
from async_emulator.prediction.outcome import TIMED_OUT, UNREACHABLE, BackPressure, Failure, Outcome, Success
from async_emulator.prediction.retry_delay import delay_seconds
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_queue import RequestQueue
from async_inference.codes import ErrorCode, RequestStatus

PREDICT_TIMEOUT_SECONDS = 3_600.0
"""How long an async request may run (docs.baseten.co/inference/async: 1 hour)."""

BACK_OFF_SECONDS = (0.5, 8.0)
"""First and longest pause after a 429 of the model. Our choice: the platform only says that it backs off.

After a failure of the queue's disk, too.
"""

_log = logging.getLogger(__name__)


class Dispatcher:
    """Runs the queued requests of one deployment, as many at once as its replicas have slots.

    A failure with a code in `final` is not retried.
    """

    def __init__(
        self,
        *,
        deployment_id: str,
        capacity: Capacity,
        queue: RequestQueue,
        clock: Clock,
        connections: Connections,
        final: Collection[ErrorCode] = (),
    ) -> None:
        self._capacity = capacity
        capacity.watch_slots(self)
        self._deployment_id = deployment_id
        self._queue = queue
        self._clock = clock
        self._ending = Ending(queue, clock, connections)
        self._final = final
        self._retries: list[tuple[int, int, AsyncRequest]] = []  # a heap: by priority, and then by age
        self._retry_ages = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._back_off = BACK_OFF_SECONDS[0]
        self._is_paused = False
        self._is_held = False

    @property
    def waiting(self) -> int:
        """The number of requests that only wait for a slot."""
        return len(self._retries) + self._queue.count(self._deployment_id, RequestStatus.QUEUED)

    def enqueue(self, request: AsyncRequest) -> None:
        """Put a request that is QUEUED into the queue, and start it at once if there is room."""
        self._queue.enqueue(request)
        self._seek_slot()

    def slot_freed(self) -> None:
        """See SlotWatcher."""
        self.wake()

    def wake(self) -> None:
        """Start every request that can start now."""
        while self._capacity.has_room and (attempt := self._next_attempt()) is not None:
            self._spawn(self._fill_slot(attempt, self._capacity.take()))

    def hold(self, is_held: bool) -> None:
        """Start no request until it is no longer held; the running ones go on."""
        self._is_held = is_held
        self.wake()

    async def stop(self) -> None:
        """Drop the attempts under way.

        Their requests stay leased: they are QUEUED again when the queue is next opened.
        """
        self._capacity.close_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _seek_slot(self) -> None:
        """One more request waits: start it, or let the autoscaler see the load."""
        self.wake()
        self._capacity.report_load()

    def _next_attempt(self) -> AsyncRequest | None:
        """Return the most urgent of the retries and the queued requests; of the same priority, a retry."""
        if self._is_held:
            return None
        if not self._retries:
            return self._lease()
        priority, _, retry = self._retries[0]
        if (request := self._lease(before_priority=priority)) is not None:
            return request
        heapq.heappop(self._retries)
        return retry

    def _lease(self, before_priority: int | None = None) -> AsyncRequest | None:
        """Lease the next request that is to be run. Those that have failed already are ended on the way."""
        while not self._is_paused:
            now = self._clock.now()
            try:
                request = self._queue.lease(self._deployment_id, now, before_priority=before_priority)
            except DataDirFailed as error:
                if self._back_off == BACK_OFF_SECONDS[0]:
                    _log.error("deployment %s starts no request: %s", self._deployment_id, error)
                self._begin_pause()
                return None
            if request is None or not request.errors:
                return request
            self._spawn(self._ending.resume(request))
        return None

    async def _fill_slot(self, attempt: AsyncRequest | None, slot: ReplicaSlots) -> None:
        """Make one attempt after the other, as long as there is one and no sync request wants the slot.

        The model is called with the next request before the end of the last one is written to the queue, so
        it never waits for our bookkeeping.
        """
        try:
            while attempt is not None:
                outcome = await self._predict(attempt, slot)
                if isinstance(outcome, BackPressure):
                    self._put_back(attempt)
                    return
                self._spawn(
                    self._conclude(attempt, outcome)
                )  # starts at our next await, which calls the model
                attempt = self._next_attempt() if self._capacity.may_keep(slot) else None
        finally:
            self._capacity.give_back(slot)

    async def _predict(self, attempt: AsyncRequest, slot: ReplicaSlots) -> Outcome:
        try:
            async with self._clock.timeout(PREDICT_TIMEOUT_SECONDS):
                return await slot.model.predict(attempt)
        except TimeoutError:
            return TIMED_OUT
        except ReplicaUnreachable:
            self._capacity.suspect(slot)
            return UNREACHABLE
        except Exception as error:
            _log.exception("request %s could not be run", attempt.request_id)
            return Failure(
                code=ErrorCode.INTERNAL_SERVER_ERROR,
                message=type(error).__name__,
                is_retryable=True,
                status=HTTPStatus.INTERNAL_SERVER_ERROR,
            )

    def _put_back(self, request: AsyncRequest) -> None:
        """The model is busy: pause, and put the request back into the queue, where it may also expire.

        A refusal by the model is no attempt.
        """
        self._begin_pause()
        with contextlib.suppress(UnknownRequest):  # see `_conclude`
            self._queue.release(request.request_id, self._clock.now())
        self._seek_slot()

    async def _conclude(self, request: AsyncRequest, outcome: Success | Failure) -> None:
        """Try again, or end the request."""
        self._back_off = BACK_OFF_SECONDS[0]
        # The queue forgets a request whose enqueue could not be committed; its caller got a 503.
        with contextlib.suppress(UnknownRequest):
            if isinstance(outcome, Failure) and (delay := self._delay(request, outcome)) is not None:
                await self._retry(self._queue.record_attempt(request.request_id), delay)
                return
            step = self._ending.last_step(request, outcome)
            del request, outcome  # the input and the output would stay in memory behind a slow receiver
            await self._ending.take(step)

    def _delay(self, request: AsyncRequest, failure: Failure) -> float | None:
        """Return the delay before the next attempt, in seconds; None: there is none."""
        if not failure.is_retryable or failure.code in self._final:
            return None
        return delay_seconds(request.retry_config, request.attempts + 1)

    async def _retry(self, request: AsyncRequest, delay: float) -> None:
        await self._clock.sleep(delay)
        heapq.heappush(self._retries, (request.priority, next(self._retry_ages), request))
        self._seek_slot()

    def _begin_pause(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._spawn(self._pause())

    async def _pause(self) -> None:
        delay, self._back_off = self._back_off, min(self._back_off * 2, BACK_OFF_SECONDS[1])
        await self._clock.sleep(delay)
        self._is_paused = False
        self.wake()

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("unexpected error in a dispatcher task", exc_info=error)
