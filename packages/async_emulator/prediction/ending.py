"""The end of an async request: its webhook, and then its last status."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from async_emulator.clock import Clock
from async_emulator.prediction.connections import Connections
from async_emulator.prediction.outcome import Failure, Success
from async_emulator.queue.lifecycle import Event
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_queue import RequestQueue

if TYPE_CHECKING:
    from async_inference.wire import AsyncRequestError

_log = logging.getLogger(__name__)


class Ending:
    """Ends leased requests. Every method raises UnknownRequest where the queue no longer has the request."""

    def __init__(self, queue: RequestQueue, clock: Clock, connections: Connections) -> None:
        self._queue = queue
        self._clock = clock
        self._connections = connections

    async def succeed(self, request: AsyncRequest, success: Success) -> None:
        """Deliver the output, and end the request."""
        is_delivered = await self._deliver(request, (), success)
        event = Event.SUCCEED if is_delivered else Event.SUCCEED_UNDELIVERED
        self._queue.finish(request.request_id, event, self._clock.now())

    async def fail(self, request: AsyncRequest, failure: Failure) -> None:
        """Deliver the errors of the last attempt, and end the request."""
        from async_inference.wire import AsyncRequestError  # for a quick start: see Emulator

        _log.warning("request %s failed: %s: %s", request.request_id, failure.code, failure.message)
        errors = (AsyncRequestError(code=failure.code, message=failure.message),)
        if request.webhook_endpoint:  # takes time, in which a kill must not lead to one more attempt
            self._queue.record_attempt(request.request_id, errors)
        await self._fail(request, errors)

    async def resume(self, request: AsyncRequest) -> None:
        """End a request that had failed for good when the emulator was last ended, but for its webhook."""
        await self._fail(request, request.errors)

    async def _fail(self, request: AsyncRequest, errors: Sequence["AsyncRequestError"]) -> None:
        is_delivered = await self._deliver(request, errors, None)
        event = Event.FAIL if is_delivered else Event.FAIL_UNDELIVERED
        self._queue.finish(request.request_id, event, self._clock.now(), errors)

    async def _deliver(
        self, request: AsyncRequest, errors: Sequence["AsyncRequestError"], success: Success | None
    ) -> bool:
        """Send the webhook; whether the receiver accepted it, or there is none."""
        if not request.webhook_endpoint:
            return True
        from async_inference.wire import AsyncPredictResult  # for a quick start: see Emulator

        self._queue.get(request.request_id)  # no webhook tells of a request that is unknown
        result = AsyncPredictResult(
            request_id=request.request_id,
            model_id=request.model_id,
            deployment_id=request.deployment_id,
            time=self._clock.now(),
            data=success.data if success else None,
            errors=list(errors),
        )
        return await self._connections.deliver(request.webhook_endpoint, result)
