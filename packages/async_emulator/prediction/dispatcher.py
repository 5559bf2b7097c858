"""From the queue to the model and back: the one place that runs async requests.

Nothing polls. `wake` is called when another request may be able to start: one was enqueued, a slot became
free, a replica became ready, a pause is over.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Collection, Coroutine
from dataclasses import dataclass
from http import HTTPStatus

from async_emulator.clock import Clock
from async_emulator.errors import ReplicaUnreachable
from async_emulator.prediction.capacity import Capacity, ReplicaSlots
from async_emulator.prediction.connections import Connections
from async_emulator.prediction.ending import Ending, ending_of
from async_emulator.prediction.outcome import TIMED_OUT, UNREACHABLE, BackPressure, Failure, Outcome, Success
from async_emulator.prediction.retry_delay import delay_seconds
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_queue import RequestQueue
from async_inference.codes import ErrorCode, RequestStatus

PREDICT_TIMEOUT_SECONDS = 3_600.0
"""How long an async request may run (docs.baseten.co/inference/async: 1 hour)."""

BACK_OFF_SECONDS = (0.5, 8.0)
"""First and longest pause after a 429 of the model. Our choice: the platform only says that it backs off."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt at a request; the first has number 1."""

    request: AsyncRequest
    number: int


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
        self._connections = connections
        self._final = final
        self._retries: deque[_Attempt] = deque()
        self._refused: dict[str, int] = {}
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

    def _next_attempt(self) -> _Attempt | None:
        """The next retry, or else the next request of the queue."""
        if self._is_held:
            return None
        if self._retries:
            return self._retries.popleft()
        if self._is_paused:
            return None
        request = self._queue.lease(self._deployment_id, self._clock.now())
        if request is None:
            return None
        return _Attempt(request, self._refused.pop(request.request_id, 1))

    async def _fill_slot(self, attempt: _Attempt | None, slot: ReplicaSlots) -> None:
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

    async def _predict(self, attempt: _Attempt, slot: ReplicaSlots) -> Outcome:
        try:
            async with self._clock.timeout(PREDICT_TIMEOUT_SECONDS):
                return await slot.model.predict(attempt.request)
        except TimeoutError:
            return TIMED_OUT
        except ReplicaUnreachable:
            self._capacity.suspect(slot)
            return UNREACHABLE
        except Exception as error:
            _log.exception("request %s could not be run", attempt.request.request_id)
            return Failure(
                code=ErrorCode.INTERNAL_SERVER_ERROR,
                message=type(error).__name__,
                is_retryable=True,
                status=HTTPStatus.INTERNAL_SERVER_ERROR,
            )

    def _put_back(self, attempt: _Attempt) -> None:
        """The model is busy: pause, and put the request back into the queue, where it may also expire.

        A refusal by the model is no attempt: the next attempt has the same number.
        """
        if not self._is_paused:
            self._is_paused = True
            self._spawn(self._pause())
        request = attempt.request
        if attempt.number > 1:
            self._refused[request.request_id] = attempt.number
        self._queue.release(request.request_id, self._clock.now())
        self._seek_slot()

    async def _conclude(self, attempt: _Attempt, outcome: Success | Failure) -> None:
        """Try again, or end the request."""
        request = attempt.request
        self._back_off = BACK_OFF_SECONDS[0]
        if isinstance(outcome, Failure) and outcome.is_retryable and outcome.code not in self._final:
            delay = delay_seconds(request.retry_config, attempt.number)
            if delay is not None:
                await self._clock.sleep(delay)
                self._retries.append(_Attempt(request, attempt.number + 1))
                self._seek_slot()
                return
        if isinstance(outcome, Failure):
            _log.warning("request %s failed: %s: %s", request.request_id, outcome.code, outcome.message)
        ending = ending_of(request, outcome)
        del attempt, request, outcome  # the input and the output would stay in memory behind a slow receiver
        await self._end(ending)

    async def _end(self, ending: Ending) -> None:
        event = ending.delivered
        if ending.webhook_endpoint and not await self._connections.deliver(
            ending.webhook_endpoint, ending.payload
        ):
            event = ending.undelivered
        self._queue.finish(ending.request_id, event, self._clock.now(), ending.errors)

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
