"""The status of a request, cancelling, and the queue."""

import re

from async_conformance.answer import Answer
from async_conformance.row import Facts, row
from async_conformance.target import POLL_SECONDS, Target

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_LEAST_QUEUE_SECONDS = 10
_HOUR = 3_600.0


def _form_of_times(answer: Answer) -> str:
    times = (answer.text("created_at"), answer.text("status_at"))
    return "UTC with Z" if all(map(_TIME.fullmatch, times)) else times[0]


@row(
    "status keys",
    proves="the keys of a status, their order, and the form of its times",
    expected={
        "status": 200,
        "keys": [
            *("request_id", "model_id", "deployment_id", "status", "webhook_status"),
            *("created_at", "status_at", "errors"),
        ],
        "times": "UTC with Z",
        "errors": [],
        "webhook_status": "NO_WEBHOOK_PROVIDED",
        "the id that was asked for": True,
    },
    calls=10,
)
async def status_keys(target: Target) -> Facts:
    """Read the status of a request that succeeded."""
    request_id = await target.submit("conformance")
    answer = await target.ended(request_id)
    return {
        "status": answer.status,
        "keys": answer.keys,
        "times": _form_of_times(answer),
        "errors": answer.field("errors"),
        "webhook_status": answer.field("webhook_status"),
        "the id that was asked for": answer.field("request_id") == request_id,
    }


@row(
    "statuses",
    proves="a request is QUEUED, IN_PROGRESS and SUCCEEDED, or FAILED",
    expected={"of a success": ["QUEUED", "IN_PROGRESS", "SUCCEEDED"], "of a failure": "FAILED"},
    calls=40,
    seconds=8.0,
    is_alone=True,
)
async def statuses(target: Target) -> Facts:
    """Follow a request that has to wait, and one that fails."""
    await target.occupy(4.0)
    request_id = await target.queued({"do": "sleep", "seconds": 2.0})
    failing = await target.submit({"do": "fail", "status": 422})
    seen: list[str] = []
    for _ in range(30):
        status = (await target.status(request_id)).text("status")
        if status not in seen:
            seen.append(status)
        if status not in ("QUEUED", "IN_PROGRESS"):
            break
        await target.clock.sleep(POLL_SECONDS)
    return {"of a success": [*seen], "of a failure": (await target.ended(failing)).text("status")}


@row(
    "between attempts",
    proves="a request is IN_PROGRESS between two attempts",
    expected={"status": "IN_PROGRESS", "attempts": 1},
    calls=20,
    seconds=6.0,
    is_alone=True,
    is_unpublished=True,
)
async def between_attempts(target: Target) -> Facts:
    """Read the status after the first of two attempts, which are five seconds apart."""
    retries = {"max_attempts": 2, "initial_delay_ms": 5_000, "max_delay_ms": 5_000}
    request_id = await target.submit(
        {"do": "fail", "status": 500, "times": 1}, inference_retry_config={**retries}
    )
    await target.started(request_id)
    await target.clock.sleep(2.0)
    status = (await target.status(request_id)).text("status")
    attempts = len(await target.recalled(request_id))
    await target.ended(request_id)
    return {"status": status, "attempts": attempts}


@row(
    "expiry",
    proves="a request that waits too long is EXPIRED, without an error",
    expected={
        "after": "EXPIRED",
        "errors": [],
    },
    calls=50,
    seconds=15.0,
    is_alone=True,
)
async def expiry(target: Target) -> Facts:
    """Let a request wait behind another one, longer than it may."""
    await target.occupy(_LEAST_QUEUE_SECONDS + 4.0)
    request_id = await target.queued("conformance", max_time_in_queue_seconds=_LEAST_QUEUE_SECONDS)
    after = await target.ended(request_id)
    return {
        "after": after.text("status"),
        "errors": after.field("errors"),
    }


@row(
    "cancel",
    proves="only a QUEUED request can be canceled",
    expected={
        "statuses": [200, 200, 200],
        "keys": ["request_id", "canceled", "message"],
        "of a queued one": True,
        "of the same again": False,
        "of a running one": False,
        "status": "CANCELED",
    },
    calls=30,
    seconds=7.0,
    is_alone=True,
)
async def cancel(target: Target) -> Facts:
    """Cancel a request behind a running one, twice, and the running one."""
    running = await target.occupy(5.0)
    queued = await target.queued("conformance")
    answers = [await target.cancel(queued), await target.cancel(queued), await target.cancel(running)]
    first, again, late = (answer.field("canceled") for answer in answers)
    return {
        "statuses": [answer.status for answer in answers],
        "keys": answers[0].keys,
        "of a queued one": first,
        "of the same again": again,
        "of a running one": late,
        "status": (await target.status(queued)).text("status"),
        "messages": [answer.text("message") for answer in answers],
    }


@row(
    "queue status",
    proves="the keys of the queue's status, and what it counts",
    expected={
        "status": 200,
        "keys": ["model_id", "deployment_id", "num_queued_requests", "num_in_progress_requests"],
        "queued": 2,
        "in progress": 1,
    },
    calls=20,
    seconds=8.0,
    is_alone=True,
)
async def queue_status(target: Target) -> Facts:
    """Count one running request and two that wait."""
    await target.occupy(6.0)
    waiting = [await target.queued("conformance") for _ in range(2)]
    answer = await target.queue_status()
    for request_id in waiting:
        await target.cancel(request_id)
    return {
        "status": answer.status,
        "keys": answer.keys,
        "queued": answer.field("num_queued_requests"),
        "in progress": answer.field("num_in_progress_requests"),
    }


@row(
    "retention",
    proves="a status can be read until an hour after the end, and is then unknown",
    expected={"after 59 minutes": 200, "after 62 minutes": 404},
    calls=20,
    seconds=_HOUR + 125.0,
    is_alone=True,
    is_unpublished=True,
)
async def retention(target: Target) -> Facts:
    """Read the status of a request shortly before and after the hour."""
    request_id = await target.submit("conformance")
    await target.ended(request_id)
    await target.clock.sleep(_HOUR - 60.0)
    before = await target.status(request_id)
    await target.clock.sleep(180.0)
    after = await target.status(request_id)
    return {"after 59 minutes": before.status, "after 62 minutes": after.status}


ROWS = (status_keys, statuses, between_attempts, expiry, cancel, queue_status, retention)
