"""The end of an async request: its webhook, and then its last status."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from async_emulator.clock import Clock
from async_emulator.prediction.connections import Connections
from async_emulator.prediction.outcome import Failure, Success
from async_emulator.queue.lifecycle import Event
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_queue import RequestQueue
from async_emulator.webhooks.payload import Payload

if TYPE_CHECKING:
    from async_inference.wire import AsyncRequestError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class LastStep:
    """What is left to do for a request whose last attempt was made.

    `undelivered` is the event where there is a webhook whose receiver does not accept `payload`. The model's
    input is not kept, as this step may wait long for a slow receiver.
    """

    request_id: str
    webhook_endpoint: str | None
    payload: Payload
    errors: "Sequence[AsyncRequestError]"
    delivered: Event
    undelivered: Event


class Ending:
    """Ends leased requests. Every method raises UnknownRequest where the queue no longer has the request."""

    def __init__(self, queue: RequestQueue, clock: Clock, connections: Connections) -> None:
        self._queue = queue
        self._clock = clock
        self._connections = connections

    def last_step(self, request: AsyncRequest, outcome: Success | Failure) -> LastStep:
        """Return what is left to do, given the outcome of the last attempt. Logs a failure."""
        from async_inference.wire import AsyncRequestError  # for a quick start: see Emulator

        if isinstance(outcome, Success):
            return _last_step(request, Event.SUCCEED, Event.SUCCEED_UNDELIVERED, success=outcome)
        _log.warning("request %s failed: %s: %s", request.request_id, outcome.code, outcome.message)
        errors = (AsyncRequestError(code=outcome.code, message=outcome.message),)
        if request.webhook_endpoint:  # takes time, in which a kill must not lead to one more attempt
            self._queue.record_attempt(request.request_id, errors)
        return _failed(request, errors)

    async def take(self, step: LastStep) -> None:
        """Deliver the webhook, if there is one, and end the request."""
        event = step.delivered
        if step.webhook_endpoint:
            self._queue.get(step.request_id)  # no webhook tells of a request that is unknown
            if not await self._connections.deliver(step.webhook_endpoint, step.payload):
                event = step.undelivered
        self._queue.finish(step.request_id, event, self._clock.now(), step.errors)

    async def resume(self, request: AsyncRequest) -> None:
        """End a request that had failed for good when the emulator was last ended, but for its webhook."""
        await self.take(_failed(request, request.errors))


def _failed(request: AsyncRequest, errors: "Sequence[AsyncRequestError]") -> LastStep:
    return _last_step(request, Event.FAIL, Event.FAIL_UNDELIVERED, errors=errors)


def _last_step(
    request: AsyncRequest,
    delivered: Event,
    undelivered: Event,
    *,
    success: Success | None = None,
    errors: "Sequence[AsyncRequestError]" = (),
) -> LastStep:
    payload = Payload(
        request_id=request.request_id,
        model_id=request.model_id,
        deployment_id=request.deployment_id,
        output=success.body if success and request.webhook_endpoint else None,
        is_json=success is not None and success.is_json,
        errors=errors,
    )
    return LastStep(
        request_id=request.request_id,
        webhook_endpoint=request.webhook_endpoint,
        payload=payload,
        errors=errors,
        delivered=delivered,
        undelivered=undelivered,
    )
