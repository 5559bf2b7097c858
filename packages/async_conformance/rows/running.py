"""How requests are run: what reaches the model, in which order, and for how long."""

from typing import TYPE_CHECKING, Any

from async_conformance.row import Facts, row
from async_conformance.rows.errors import TWICE, first_error
from async_conformance.target import Target

if TYPE_CHECKING:
    from pydantic import JsonValue


@row(
    "request id header",
    proves="every attempt has the request's id in its header",
    expected={"attempts": 2, "header is the id": True},
    calls=12,
)
async def request_id_header(target: Target) -> Facts:
    """Let a request fail once, and ask the model for the headers of both attempts."""
    request_id = await target.submit(
        {"do": "fail", "status": 500, "times": 1}, inference_retry_config={**TWICE}
    )
    await target.ended(request_id)
    calls = await target.recalled(request_id)
    return {
        "attempts": len(calls),
        "header is the id": all(each.get("header") == request_id for each in calls),
    }


@row(
    "model's variables",
    proves="the model finds its own ids in its environment",
    expected={"BT_MODEL_ID": "the model's id", "BT_MODEL_DEPLOYMENT_ID": "the deployment's id"},
    calls=2,
)
async def model_variables(target: Target) -> Facts:
    """Compare the model's variables with the ids in the queue's status."""
    described = await target.described()
    given = described.get("variables")
    variables: dict[str, Any] = given if isinstance(given, dict) else {}
    ids = await target.queue_status()

    def compared(name: str, field: str, words: str) -> str:
        if name not in variables:
            return "is not set"
        return words if variables[name] == ids.field(field) else "is another id"

    return {
        "BT_MODEL_ID": compared("BT_MODEL_ID", "model_id", "the model's id"),
        "BT_MODEL_DEPLOYMENT_ID": compared("BT_MODEL_DEPLOYMENT_ID", "deployment_id", "the deployment's id"),
    }


@row(
    "sync first",
    proves="sync calls come first, then priority, then age",
    expected={"order": ["sync", "priority 0", "priority 0, younger", "priority 2"]},
    calls=30,
    seconds=8.0,
    is_alone=True,
)
async def sync_first(target: Target) -> Facts:
    """Queue requests behind a running one, and call the model meanwhile."""
    await target.occupy(4.0)
    short: dict[str, JsonValue] = {"do": "sleep", "seconds": 0.2}
    order = (("priority 2", 2), ("priority 0", 0), ("priority 0, younger", 0))
    ids = {name: await target.queued(short, priority=priority) for name, priority in order}
    sync = (await target.predict(short)).header("X-Baseten-Request-Id")
    if sync is not None:
        ids["sync"] = sync.partition(":")[0]
    await target.ended(ids["priority 2"])
    started = {
        name: float((await target.recalled(request_id))[0].get("started_at") or 0)
        for name, request_id in ids.items()
    }
    return {"order": [*sorted(started, key=started.__getitem__)]}


@row(
    "streaming",
    proves="a streaming model streams to sync callers, and its async requests fail",
    expected={"sync": "ab", "async": "ASYNC_REQUEST_NOT_SUPPORTED"},
    calls=8,
    is_unpublished=True,
)
async def streaming(target: Target) -> Facts:
    """Let the model answer with a generator."""
    asked: dict[str, JsonValue] = {"do": "stream", "chunks": ["a", "b"]}
    sync = await target.predict(asked)
    answer = await target.ended(await target.submit(asked))
    return {
        "sync": sync.content.decode(errors="replace")[:200],
        "async": first_error(answer, "code"),
    }


@row(
    "prediction timeout",
    proves="an async prediction ends after an hour",
    expected={"after 59 minutes": "IN_PROGRESS", "in the end": "MODEL_PREDICT_TIMEOUT"},
    calls=400,
    seconds=3_660.0,
    is_alone=True,
)
async def prediction_timeout(target: Target) -> Facts:
    """Let a request run for longer than an hour."""
    request_id = await target.occupy(3_700.0)
    await target.clock.sleep(3_540.0)
    before = await target.status(request_id)
    after = await target.ended(request_id, seconds=120.0)
    return {
        "after 59 minutes": before.text("status"),
        "in the end": first_error(after, "code"),
    }


ROWS = (request_id_header, model_variables, streaming, sync_first, prediction_timeout)
