"""Submits: their answers, bounds, bodies and webhook urls."""

import re
from typing import TYPE_CHECKING

from async_conformance.answer import Answer
from async_conformance.row import Facts, row
from async_conformance.target import Target

if TYPE_CHECKING:
    from pydantic import JsonValue

_BODY_LIMIT = 262_144  # docs.baseten.co/inference/errors: 256 KiB
_MUCH_LARGER = 1024 * 1024
_STATED_LIMIT = re.compile(r"payload size of \d+ bytes exceeds maximum size of (\d+) bytes")

_RETRIES = "inference_retry_config"
_TOO_MUCH: "dict[str, dict[str, JsonValue]]" = {
    "priority -1": {"priority": -1},
    "priority 3": {"priority": 3},
    "max_time_in_queue_seconds 9": {"max_time_in_queue_seconds": 9},
    "max_time_in_queue_seconds 259201": {"max_time_in_queue_seconds": 259_201},
    "max_attempts 0": {_RETRIES: {"max_attempts": 0}},
    "max_attempts 11": {_RETRIES: {"max_attempts": 11}},
    "initial_delay_ms -1": {_RETRIES: {"initial_delay_ms": -1}},
    "initial_delay_ms 10001": {_RETRIES: {"initial_delay_ms": 10_001}},
    "max_delay_ms -1": {_RETRIES: {"max_delay_ms": -1}},
    "max_delay_ms 60001": {_RETRIES: {"max_delay_ms": 60_001}},
}
_ALLOWED: "dict[str, dict[str, JsonValue]]" = {
    "the least of each": {
        "priority": 0,
        "max_time_in_queue_seconds": 10,
        _RETRIES: {"max_attempts": 1, "initial_delay_ms": 0, "max_delay_ms": 0},
    },
    "the most of each": {
        "priority": 2,
        "max_time_in_queue_seconds": 259_200,
        _RETRIES: {"max_attempts": 10, "initial_delay_ms": 10_000, "max_delay_ms": 60_000},
    },
}
_NAMED = "400, names the field"
_TAKEN = "taken"


@row(
    "submit",
    proves="a submit is answered with an id, in the body and in the header",
    expected={"status": 201, "keys": ["request_id"], "the same id in the header": True},
    calls=1,
)
async def submit(target: Target) -> Facts:
    """Submit one request."""
    answer = await target.submitted("conformance")
    request_id = answer.text("request_id")
    return {
        "status": answer.status,
        "keys": answer.keys,
        "the same id in the header": answer.header("X-Baseten-Request-Id") == request_id,
    }


@row(
    "submit bounds",
    proves="fields out of range are refused by name, and those within are taken",
    expected={
        **dict.fromkeys(_TOO_MUCH, _NAMED),
        **dict.fromkeys(_ALLOWED, _TAKEN),
        "no model_input": _NAMED,
        "no JSON": "400",
    },
    calls=len(_TOO_MUCH) + len(_ALLOWED) + 2,
)
async def submit_bounds(target: Target) -> Facts:
    """Submit requests with one field out of range, and such with the least and the most of each."""
    seen = {}
    for name, fields in (*_TOO_MUCH.items(), *_ALLOWED.items()):
        seen[name] = await _refusal(target, name.partition(" ")[0], {"model_input": "conformance", **fields})
    seen["no model_input"] = await _refusal(target, "model_input", {"priority": 1})
    no_json = await target.call("POST", target.endpoint.submit, content=b"{")
    return {**seen, "no JSON": f"{no_json.status}"}


async def _refusal(target: Target, field: str, body: "dict[str, JsonValue]") -> str:
    answer = await target.call("POST", target.endpoint.submit, body=body)
    if answer.is_success:
        return _TAKEN
    is_named = field in answer.content.decode(errors="replace")
    return f"{answer.status}, names the field" if is_named else f"{answer.status}"


_INPUTS: "dict[str, JsonValue]" = {
    "null": None,
    "a number": 0.5,
    "a text": "é 漢 🙂",
    "a list": [1, "é", None],
    "an object": {"a": {"b": []}},
}


@row(
    "any JSON",
    proves="any JSON is an input and reaches the model as it is, and an unknown field is ignored",
    expected={**dict.fromkeys(_INPUTS, "arrives"), "an unknown field": _TAKEN},
    calls=len(_INPUTS) * 8 + 1,
    is_unpublished=True,
)
async def any_json(target: Target) -> Facts:
    """Submit each input, and ask the model what it got."""
    seen: dict[str, JsonValue] = {}
    for name, model_input in _INPUTS.items():
        answer = await target.submitted(model_input)
        request_id = answer.request_id
        if not answer.is_success or not request_id:
            seen[name] = answer.in_short
            continue
        await target.ended(request_id)
        calls = await target.recalled(request_id)
        seen[name] = "arrives" if calls[0].get("input") == model_input else "arrives changed"
    unknown = await target.submitted("conformance", colour="blue")
    seen["an unknown field"] = _TAKEN if unknown.is_success else unknown.in_short
    return seen


@row(
    "size of a body",
    word="--async-body-bytes",
    proves="how large a submit may be, and how a larger one is refused",
    expected={
        "largest body": _BODY_LIMIT,
        "of this size": _TAKEN,
        "one byte more": "413 payload_too_large",
    },
    calls=3,
    settings={"async_body_bytes": "largest body"},
)
async def body_size(target: Target) -> Facts:
    """Submit a body of the size, one with a byte more, and where that is taken, one that is much larger."""
    taken = await _submit_bytes(target, _BODY_LIMIT)
    refused = await _submit_bytes(target, _BODY_LIMIT + 1)
    largest = refused if not refused.is_success else await _submit_bytes(target, _MUCH_LARGER)
    stated = _STATED_LIMIT.search(largest.text("error"))
    return {
        "largest body": int(stated[1]) if stated else None,
        "of this size": _TAKEN if taken.is_success else taken.in_short,
        "one byte more": refused.in_short,
    }


async def _submit_bytes(target: Target, size: int) -> Answer:
    frame = b'{"model_input": "%s"}'
    content = frame % (b"x" * (size - len(frame % b"")))
    return await target.call("POST", target.endpoint.submit, content=content)


@row(
    "webhook url",
    proves="a webhook must be https; plain http is for localhost alone",
    expected={
        "http": _NAMED,
        "ftp": _NAMED,
        "no url": _NAMED,
        "http on localhost": _TAKEN,
        "null": _TAKEN,
    },
    calls=5,
)
async def webhook_url(target: Target) -> Facts:
    """Submit requests with each url."""
    urls = {
        "http": "http://example.com/hook",
        "ftp": "ftp://example.com/hook",
        "no url": "hook",
        "http on localhost": "http://localhost:9/hook",
        "null": None,
    }
    return {
        name: await _refusal(
            target, "webhook_endpoint", {"model_input": "conformance", "webhook_endpoint": url}
        )
        for name, url in urls.items()
    }


@row(
    "private webhooks",
    word="--allow-private-webhooks",
    proves="a webhook into a private network is refused",
    expected={"status": 400, "is allowed": False},
    calls=1,
    is_unpublished=True,
    settings={"allow_private_webhooks": "is allowed"},
)
async def private_webhooks(target: Target) -> Facts:
    """Submit a request with the address of a private network."""
    answer = await target.submitted("conformance", webhook_endpoint="https://10.0.0.1/hook")
    return {"status": answer.status, "is allowed": answer.is_success}


ROWS = (submit, submit_bounds, any_json, body_size, webhook_url, private_webhooks)
