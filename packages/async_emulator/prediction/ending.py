"""How an async request ends: the event for the queue, and what its webhook is told."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from async_emulator.prediction.outcome import Failure, Success
from async_emulator.queue.lifecycle import Event
from async_emulator.queue.request import AsyncRequest
from async_emulator.webhooks.payload import Payload

if TYPE_CHECKING:
    from async_inference.wire import AsyncRequestError


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """What is left to do for a request whose last attempt was made.

    `undelivered` is the event where there is a webhook whose receiver does not accept `payload`. The model's
    input is not kept, as an ending may wait long for a slow receiver.
    """

    request_id: str
    webhook_endpoint: str | None
    payload: Payload
    errors: "list[AsyncRequestError]"
    delivered: Event
    undelivered: Event


def ending_of(request: AsyncRequest, outcome: Success | Failure) -> Ending:
    """Return the ending of a request, given the outcome of its last attempt."""
    from async_inference.wire import AsyncRequestError  # imported on first use, for a quick start

    errors: list[AsyncRequestError] = []
    output, is_json = None, False
    if isinstance(outcome, Success):
        delivered, undelivered = Event.SUCCEED, Event.SUCCEED_UNDELIVERED
        if request.webhook_endpoint:
            output, is_json = outcome.body, outcome.is_json
    else:
        delivered, undelivered = Event.FAIL, Event.FAIL_UNDELIVERED
        errors = [AsyncRequestError(code=outcome.code, message=outcome.message)]
    return Ending(
        request_id=request.request_id,
        webhook_endpoint=request.webhook_endpoint,
        payload=Payload(
            request_id=request.request_id,
            model_id=request.model_id,
            deployment_id=request.deployment_id,
            output=output,
            is_json=is_json,
            errors=errors,
        ),
        errors=errors,
        delivered=delivered,
        undelivered=undelivered,
    )
