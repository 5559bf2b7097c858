"""Requests with a webhook, and what was delivered, for the rows of webhooks."""

from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from async_conformance.answer import Answer
from async_conformance.receiver import Delivery, Hook
from async_conformance.row import NotTried
from async_conformance.target import Target

if TYPE_CHECKING:
    from pydantic import JsonValue


async def ended_with(target: Target, hook: Hook, model_input: "JsonValue") -> Answer:
    """Let a request with this webhook end; return its status."""
    request_id = await target.submit(
        model_input, webhook_endpoint=hook.url, inference_retry_config={"max_attempts": 1}
    )
    return await target.ended(request_id)


async def delivered(target: Target, model_input: "JsonValue") -> tuple[Delivery, Answer]:
    """Return the delivery of a request, and its status. Raises NotTried where nothing came."""
    hook = target.receiver.hook()
    answer = await ended_with(target, hook, model_input)
    if not hook.deliveries:
        raise NotTried("no webhook came, though the url leads here")
    return hook.deliveries[0], answer


def payload_of(delivery: Delivery) -> dict[str, Any]:
    """The fields of a webhook; none, if it is no JSON object."""
    try:
        payload = from_json(delivery.body, allow_inf_nan=False)
    except ValueError:
        return {}
    return payload if isinstance(payload, dict) else {}
