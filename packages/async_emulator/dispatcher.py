"""From the queue to the model and back: the one place that runs async requests.

Nothing polls. `wake` is called when something may have become possible: a request was enqueued, a slot
became free, a replica became ready, a pause is over.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta

from pydantic import JsonValue

from async_emulator.backoff import delay_seconds
from async_emulator.capacity import Capacity
from async_emulator.clock import Clock
from async_emulator.lifecycle import Event
from async_emulator.outcome import TIMED_OUT, BackPressure, Failure, Outcome, Success
from async_emulator.queue import RequestQueue
from async_emulator.request import AsyncRequest
from async_inference.wire import AsyncPredictResult, AsyncRequestError, ErrorCode

PREDICT_TIMEOUT_SECONDS = 3_600.0
"""How long an async request may run (docs.baseten.co/inference/async: 1 hour)."""

BACK_OFF_SECONDS = (0.5, 8.0)
"""First and longest pause after a 429 of the model. Ours: the platform only says that it backs off."""

SWEEP_SECONDS = 60.0
"""How often ended requests are forgotten."""

_log = logging.getLogger(__name__)

Predict = Callable[[AsyncRequest], Awaitable[Outcome]]
Deliver = Callable[[str, AsyncPredictResult], Awaitable[bool]]


class Dispatcher:
    """Runs the queued requests of one deployment, as many at once as it has slots.

    `predict` makes one attempt; `deliver` sends a result to a webhook and tells whether it was accepted.
    """

    def __init__(
        self,
        *,
        deployment_id: str,
        queue: RequestQueue,
        clock: Clock,
        predict: Predict,
        deliver: Deliver,
    ) -> None:
        self.capacity = Capacity(on_free=self.wake)
        self._deployment_id = deployment_id
        self._queue = queue
        self._clock = clock
        self._predict = predict
        self._deliver = deliver
        self._retries: deque[asyncio.Future[None]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._back_off = BACK_OFF_SECONDS[0]
        self._is_paused = False
        self._next_sweep = clock.now()
        self._sweep_sooner = asyncio.Event()

    def start(self) -> None:
        """Begin to expire and to forget requests; a request runs once the capacity is open."""
        self._spawn(self._sweep())

    def wake(self) -> None:
        """Start whatever can start now: retries first, then the queue."""
        while self._retries and self.capacity.has_room:
            self.capacity.take()
            self._retries.popleft().set_result(None)
        while not self._is_paused and self.capacity.has_room:
            request = self._queue.lease(self._deployment_id, self._clock.now())
            if request is None:
                return
            self.capacity.take()
            self._spawn(self._run(request))

    def queued(self, queue_deadline: datetime) -> None:
        """A request is in the queue now, to expire at `queue_deadline`."""
        if queue_deadline < self._next_sweep:
            self._sweep_sooner.set()
        self.wake()

    async def stop(self) -> None:
        """Drop what is under way; it stays leased, and the queue gives it out again when next opened."""
        self.capacity.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, request: AsyncRequest) -> None:
        try:
            outcome = await self._attempts(request)
        except Exception as error:
            _log.exception("request %s could not be run", request.request_id)
            outcome = Failure(
                code=ErrorCode.INTERNAL_SERVER_ERROR, message=type(error).__name__, is_retryable=False
            )
        if isinstance(outcome, BackPressure):
            if not self._is_paused:
                self._is_paused = True
                self._spawn(self._pause())
            self._queue.release(request.request_id, self._clock.now())
            self.queued(self._queue.get(request.request_id).queue_deadline)
        else:
            self._back_off = BACK_OFF_SECONDS[0]
            await self._end(request, outcome)

    async def _attempts(self, request: AsyncRequest) -> Outcome:
        """Every attempt that the retry settings allow. A slot is held at the first."""
        attempts_made = 0
        while True:
            outcome = await self._attempt(request)
            await asyncio.sleep(0)  # who got the slot calls the model before we write down how this ended
            if not isinstance(outcome, Failure):
                return outcome
            attempts_made += 1
            delay = delay_seconds(request.retry_config, attempts_made)
            if not outcome.is_retryable or delay is None:
                return outcome
            await self._clock.sleep(delay)
            await self._slot_for_retry()

    async def _attempt(self, request: AsyncRequest) -> Outcome:
        try:
            async with self._clock.timeout(PREDICT_TIMEOUT_SECONDS):
                return await self._predict(request)
        except TimeoutError:
            return TIMED_OUT
        finally:
            self.capacity.give_back()

    async def _slot_for_retry(self) -> None:
        slot = asyncio.get_running_loop().create_future()
        self._retries.append(slot)
        self.wake()
        await slot

    async def _end(self, request: AsyncRequest, outcome: Success | Failure) -> None:
        data: JsonValue = None
        errors: list[AsyncRequestError] = []
        if isinstance(outcome, Success):
            data = outcome.data
            delivered, undelivered = Event.SUCCEED, Event.SUCCEED_UNDELIVERED
        else:
            errors = [AsyncRequestError(code=outcome.code, message=outcome.message)]
            delivered, undelivered = Event.FAIL, Event.FAIL_UNDELIVERED
            _log.warning("request %s failed: %s: %s", request.request_id, outcome.code, outcome.message)
        event = delivered
        if request.webhook_endpoint:
            result = AsyncPredictResult(
                request_id=request.request_id,
                model_id=request.model_id,
                deployment_id=request.deployment_id,
                time=self._clock.now(),
                data=data,
                errors=errors,
            )
            if not await self._deliver(request.webhook_endpoint, result):
                event = undelivered
        self._queue.finish(request.request_id, event, self._clock.now(), errors)

    async def _pause(self) -> None:
        delay, self._back_off = self._back_off, min(self._back_off * 2, BACK_OFF_SECONDS[1])
        await self._clock.sleep(delay)
        self._is_paused = False
        self.wake()

    async def _sweep(self) -> None:
        while True:
            now = self._clock.now()
            self._queue.expire_due(now)
            self._queue.forget_ended(now)
            self._next_sweep = now + timedelta(seconds=SWEEP_SECONDS)
            if (deadline := self._queue.next_deadline()) is not None:
                self._next_sweep = min(self._next_sweep, deadline)
            self._sweep_sooner.clear()
            with contextlib.suppress(TimeoutError):
                async with self._clock.timeout((self._next_sweep - now).total_seconds()):
                    await self._sweep_sooner.wait()

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("what should not fail has failed", exc_info=error)
