"""Webhooks: the attempts at a delivery, and what becomes of the request."""

import asyncio
import itertools
from typing import TYPE_CHECKING

from async_conformance.receiver import BROKEN, Hook
from async_conformance.row import Facts, Need, NotTried, row
from async_conformance.rows.delivered import ended_with
from async_conformance.rows.pauses import about
from async_conformance.target import Target
from async_inference.webhooks import SIGNATURE_HEADER

if TYPE_CHECKING:
    from pydantic import JsonValue

_NEEDS = (Need.MODEL, Need.WEBHOOK)
_TOO_SLOW = 12.0  # docs.baseten.co/inference/async: an answer after 10 s is none
_PAUSE = 2.0
_ANSWERS = (204, 301, 400, 410, 500, 502, 503, 504)
_REPEATED = (500, 502, 503, 504)


@row(
    "webhook statuses",
    word="statuses",
    proves="the statuses of requests whose webhook is taken, and of those whose webhook is not",
    expected={
        "success, taken": "SUCCEEDED SUCCEEDED",
        "success, refused": "WEBHOOK_FAILED FAILED",
        "failure, taken": "FAILED SUCCEEDED",
        "failure, refused": "FAILED FAILED",
    },
    calls=40,
    seconds=3.0,
    needs=_NEEDS,
)
async def webhook_statuses(target: Target) -> Facts:
    """Take and refuse the webhooks of a success and of a failure."""
    failing: JsonValue = {"do": "fail", "status": 422}
    cases: dict[str, tuple[JsonValue, int]] = {
        "success, taken": ("conformance", 200),
        "success, refused": ("conformance", 410),
        "failure, taken": (failing, 200),
        "failure, refused": (failing, 410),
    }
    seen: dict[str, JsonValue] = {}
    for name, (model_input, status) in cases.items():
        answer = await ended_with(target, target.receiver.hook(status), model_input)
        seen[name] = f"{answer.text('status')} {answer.text('webhook_status')}"
    return seen


@row(
    "webhook retry",
    proves="which answers are followed by another attempt, and when",
    expected={
        **{str(status): 2 if status in _REPEATED else 1 for status in _ANSWERS},
        "a broken connection": 2,
        "none within 10 s": 2,
        "pause": [_PAUSE],
    },
    calls=180,
    seconds=20.0,
    needs=_NEEDS,
)
async def webhook_retry(target: Target) -> Facts:
    """Answer with each status once; break one connection, and answer once not in time."""
    hooks = {str(status): target.receiver.hook(status) for status in _ANSWERS}
    hooks["a broken connection"] = target.receiver.hook(BROKEN)
    hooks["none within 10 s"] = target.receiver.hook(200, seconds=_TOO_SLOW)
    await asyncio.gather(*(ended_with(target, hook, "conformance") for hook in hooks.values()))
    seen: dict[str, JsonValue] = {name: len(hook.deliveries) for name, hook in hooks.items()}
    return {**seen, "pause": [*about(_pauses(hooks["503"]), (_PAUSE,))]}


def _pauses(hook: Hook) -> list[float]:
    """The seconds between the deliveries."""
    times = [delivery.at for delivery in hook.deliveries]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


@row(
    "webhook attempts",
    word="--webhook-attempts",
    proves="how many attempts are made at a delivery that always fails",
    expected={"attempts": 2},
    calls=40,
    seconds=8.0,
    needs=_NEEDS,
    settings={"webhook_attempts": "attempts"},
)
async def webhook_attempts(target: Target) -> Facts:
    """Refuse every attempt with 503."""
    hook = target.receiver.hook(*[503] * 20)
    await ended_with(target, hook, "conformance")
    return {"attempts": len(hook.deliveries)}


@row(
    "webhook repeat",
    proves="the second attempt carries the bytes and the signature of the first",
    expected={"same bytes": True, "same signature": True},
    calls=20,
    seconds=4.0,
    needs=_NEEDS,
    is_unpublished=True,
)
async def webhook_repeat(target: Target) -> Facts:
    """Refuse the first attempt with 500."""
    hook = target.receiver.hook(500)
    await ended_with(target, hook, "conformance")
    if len(hook.deliveries) < 2:
        raise NotTried("there was no second attempt")
    first, second = hook.deliveries[:2]
    signature = SIGNATURE_HEADER.lower()
    return {
        "same bytes": first.body == second.body,
        "same signature": first.headers.get(signature) == second.headers.get(signature),
    }


@row(
    "pending webhook",
    word="between attempts",
    proves="a request is IN_PROGRESS, and its webhook PENDING, while the webhook is sent",
    expected={"queued": "PENDING", "meanwhile": "IN_PROGRESS PENDING"},
    calls=20,
    seconds=6.0,
    needs=_NEEDS,
    is_alone=True,
    is_unpublished=True,
)
async def pending_webhook(target: Target) -> Facts:
    """Answer a webhook late."""
    hook = target.receiver.hook(200, seconds=3.0)
    await target.occupy(1.0)
    request_id = await target.submit("conformance", webhook_endpoint=hook.url)
    queued = await target.status(request_id)
    for _ in range(20):
        if hook.deliveries:
            break
        await target.clock.sleep(0.5)
    meanwhile = await target.status(request_id)
    await target.ended(request_id)
    return {
        "queued": queued.text("webhook_status"),
        "meanwhile": f"{meanwhile.text('status')} {meanwhile.text('webhook_status')}",
    }


@row(
    "webhook of an expired request",
    word="expiry",
    proves="no webhook is sent for a request that expired or was canceled",
    expected={
        "expired": "EXPIRED CANCELED",
        "canceled": "CANCELED CANCELED",
        "deliveries": 0,
    },
    calls=60,
    seconds=18.0,
    needs=_NEEDS,
    is_alone=True,
    is_unpublished=True,
)
async def webhook_of_an_expired_request(target: Target) -> Facts:
    """Let one request wait for too long, and cancel another one."""
    hook = target.receiver.hook()
    await target.occupy(14.0)
    expiring = await target.submit("conformance", webhook_endpoint=hook.url, max_time_in_queue_seconds=10)
    canceled = await target.submit("conformance", webhook_endpoint=hook.url)
    await target.cancel(canceled)
    expired = await target.ended(expiring)
    await target.clock.sleep(3.0)  # for a webhook that comes after all
    ended = await target.status(canceled)
    return {
        "expired": f"{expired.text('status')} {expired.text('webhook_status')}",
        "canceled": f"{ended.text('status')} {ended.text('webhook_status')}",
        "deliveries": len(hook.deliveries),
    }


ROWS = (
    *(webhook_statuses, webhook_retry, webhook_attempts, webhook_repeat),
    *(pending_webhook, webhook_of_an_expired_request),
)
