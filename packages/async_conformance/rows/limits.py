"""Rate limits: as many calls at once as one more than is allowed, and more if none is refused.

docs.baseten.co/inference/async, "Rate limits": 20 calls a second; a newer page says 100 for two of them.
"""

import re

from async_conformance.answer import Answer
from async_conformance.row import Facts, row
from async_conformance.target import Target

_UNKNOWN = "0123456789abcdef0123456789abcdef"
_PER_SECOND = 20
_FEW, _MANY = 25, 125
_PER_MINUTE = 12_000
_AT_ONCE = 50


async def _answered_at_once(target: Target, method: str, url: str) -> int | None:
    """How many of the calls in one burst are answered; None: all, so the limit is not found."""
    for count in (_FEW, _MANY):
        await target.clock.sleep(1.5)  # calls of the last second count too
        answers = await target.burst(method, url, count)
        if any(answer.status == 429 for answer in answers):
            return sum(answer.status != 429 for answer in answers)
    return None


@row(
    "status calls",
    word="--status-calls-per-second",
    proves="how many status calls are answered in a second",
    expected={"a second": _PER_SECOND},
    calls=_FEW + 1,
    seconds=3.0,
    is_alone=True,
    settings={"status_calls_per_second": "a second"},
)
async def status_calls(target: Target) -> Facts:
    """Ask for the status of an unknown request."""
    return {"a second": await _answered_at_once(target, "GET", target.endpoint.async_request(_UNKNOWN))}


@row(
    "cancellations",
    word="--cancels-per-second",
    proves="how many cancellations are answered in a second",
    expected={"a second": _PER_SECOND},
    calls=_FEW + 1,
    seconds=3.0,
    is_alone=True,
    settings={"cancels_per_second": "a second"},
)
async def cancellations(target: Target) -> Facts:
    """Cancel an unknown request."""
    return {"a second": await _answered_at_once(target, "DELETE", target.endpoint.async_request(_UNKNOWN))}


@row(
    "queue status calls",
    word="--queue-status-calls-per-second",
    proves="how many calls for the queue's status are answered in a second",
    expected={"a second": _PER_SECOND},
    calls=_FEW + 1,
    seconds=3.0,
    is_alone=True,
    settings={"queue_status_calls_per_second": "a second"},
)
async def queue_status_calls(target: Target) -> Facts:
    """Ask for the queue's status."""
    return {"a second": await _answered_at_once(target, "GET", target.endpoint.async_queue_status)}


@row(
    "429",
    proves="the answer 429 names the limit that was exceeded, and has no Retry-After",
    expected={
        "error_code": "rate_limited",
        "error": "Rate limit exceeded: async_queue_status takes # calls a second. Please try again later.",
        "Retry-After": None,
    },
    calls=_FEW + 1,
    seconds=3.0,
    is_alone=True,
    is_unpublished=True,
)
async def refused_calls(target: Target) -> Facts:
    """Look at the first 429 of a burst."""
    await target.clock.sleep(1.5)
    answers = await target.burst("GET", target.endpoint.async_queue_status, _FEW)
    refused: list[Answer] = [answer for answer in answers if answer.status == 429]
    if not refused:
        return {"error_code": "no call was refused"}
    return {
        "error_code": refused[0].text("error_code"),
        "error": re.sub(r"\d+", "#", refused[0].text("error")),
        "Retry-After": refused[0].header("Retry-After"),
    }


@row(
    "submits",
    word="--submits-per-minute",
    proves="how many submits are taken in a minute; those of this row are not valid, and queue nothing",
    expected={"a minute": _PER_MINUTE},
    calls=_PER_MINUTE + _AT_ONCE + 1,
    seconds=190.0,
    is_alone=True,
    settings={"submits_per_minute": "a minute"},
)
async def submits(target: Target) -> Facts:
    """Submit bodies that are no JSON, until one is answered 429, within a minute."""
    await target.clock.sleep(65.0)  # submits of the last minute count too
    taken = 0
    end = target.clock.seconds() + 58.0
    while target.clock.seconds() < end and taken <= _PER_MINUTE:
        answers = await target.burst("POST", target.endpoint.submit, _AT_ONCE, content=b"{")
        taken += sum(answer.status != 429 for answer in answers)
        if any(answer.status == 429 for answer in answers):
            await target.clock.sleep(65.0)  # for whoever submits next
            return {"a minute": taken}
    return {"a minute": None, "taken within a minute": taken}


ROWS = (status_calls, cancellations, queue_status_calls, refused_calls, submits)
