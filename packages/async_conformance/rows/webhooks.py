"""Webhooks: their bytes and their signatures."""

import re
from typing import TYPE_CHECKING

from pydantic import ValidationError

from async_conformance.receiver import Delivery
from async_conformance.row import Facts, Need, row
from async_conformance.rows.delivered import delivered, payload_of
from async_conformance.target import Target
from async_inference.errors import NotAuthentic
from async_inference.webhooks import SIGNATURE_HEADER, signature_header, verify_signature
from async_inference.wire import AsyncPredictResult

if TYPE_CHECKING:
    from pydantic import JsonValue

_NEEDS = (Need.MODEL, Need.WEBHOOK)
_SIGNED = (Need.MODEL, Need.WEBHOOK, Need.SECRET)
_ODD: "dict[str, JsonValue]" = {"é": [1e-7, 0.1, 1e22], "漢🙂": None, "": {"b": 1, "a": True}}
_SENT_AT = re.compile(rb'"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"')
_LARGE = 1_000_000


@row(
    "webhook bytes",
    proves="the payload to the byte and its headers, of a success and of a failure",
    expected={
        "content type": "application/json",
        "request id in the header": True,
        "keys": ["request_id", "model_id", "deployment_id", "type", "time", "data", "errors"],
        "type": "async_request_completed",
        "time": "UTC with Z and 6 digits",
        "data": _ODD,
        "errors": [],
        "written as pydantic writes it": True,
        "data of a failure": None,
        "errors of a failure": [{"code": "MODEL_PREDICT_ERROR", "message": "no, é"}],
    },
    calls=20,
    needs=_NEEDS,
)
async def webhook_bytes(target: Target) -> Facts:
    """Receive an output with odd numbers and letters, and a failure."""
    delivery, answer = await delivered(target, _ODD)
    failure, _ = await delivered(target, {"do": "fail", "status": 500, "error": "no, é"})
    payload, failed = payload_of(delivery), payload_of(failure)
    parsed = _parsed(delivery)
    return {
        "content type": delivery.headers.get("content-type"),
        "request id in the header": delivery.headers.get("x-baseten-request-id")
        == answer.field("request_id"),
        "keys": [*payload],
        "type": payload.get("type"),
        "time": "UTC with Z and 6 digits" if _SENT_AT.search(delivery.body) else payload.get("time"),
        "data": payload.get("data"),
        "errors": payload.get("errors"),
        "written as pydantic writes it": parsed is not None
        and parsed.model_dump_json().encode() == delivery.body,
        "data of a failure": failed.get("data", "is missing"),
        "errors of a failure": failed.get("errors"),
    }


def _parsed(delivery: Delivery) -> AsyncPredictResult | None:
    try:
        return AsyncPredictResult.model_validate_json(delivery.body)
    except ValidationError:
        return None


@row(
    "large webhook",
    word="webhook bytes",
    proves="an output of a megabyte is delivered whole",
    expected={"characters": _LARGE},
    calls=10,
    needs=_NEEDS,
    is_unpublished=True,
)
async def large_webhook(target: Target) -> Facts:
    """Receive a long text."""
    delivery, _ = await delivered(target, {"do": "repeat", "text": "é", "times": _LARGE})
    data = payload_of(delivery).get("data")
    text = data.get("text") if isinstance(data, dict) else None
    return {"characters": len(text) if isinstance(text, str) else None}


@row(
    "clock of webhooks",
    word="webhook bytes",
    proves="a webhook says when it was sent, within the five minutes that receivers allow",
    expected={"is recent": True},
    calls=10,
    needs=_NEEDS,
)
async def clock_of_webhooks(target: Target) -> Facts:
    """Compare the time in a webhook with this machine's."""
    delivery, _ = await delivered(target, "conformance")
    parsed = _parsed(delivery)
    if parsed is None:
        return {"is recent": False}
    age = target.clock.now() - parsed.time
    return {"is recent": abs(age.total_seconds()) < 300}


@row(
    "webhook signature",
    word="--webhook-secret",
    proves="a webhook is signed with every secret that is given here, the newest first",
    expected={"valid": True, "form": "v1=…"},
    calls=10,
    needs=_SIGNED,
)
async def webhook_signature(target: Target) -> Facts:
    """Verify the signature of a webhook."""
    delivery, _ = await delivered(target, "conformance")
    header = delivery.headers.get(SIGNATURE_HEADER.lower())
    is_of_that_form = header is not None and re.fullmatch(r"v1=[0-9a-f]{64}(,v1=[0-9a-f]{64})*", header)
    return {
        "valid": header == signature_header(delivery.body, target.webhook_secrets),
        "form": "v1=…" if is_of_that_form else "none" if header is None else "another",
    }


@row(
    "receivers",
    proves="each usual way to verify a webhook accepts it",
    expected={"the raw body": True, "the parsed body written again": True, "the first signature alone": True},
    calls=10,
    needs=_SIGNED,
)
async def receivers(target: Target) -> Facts:
    """Verify a webhook in three ways."""
    delivery, _ = await delivered(target, {"receivers": [1e-7, "é"]})
    header = delivery.headers.get(SIGNATURE_HEADER.lower())
    parsed = _parsed(delivery)
    newest = target.webhook_secrets[:1]
    return {
        "the raw body": _is_valid(delivery.body, header, target),
        "the parsed body written again": parsed is not None
        and _is_valid(parsed.model_dump_json().encode(), header, target),
        "the first signature alone": header is not None
        and header.partition(",")[0] == signature_header(delivery.body, newest),
    }


def _is_valid(body: bytes, header: str | None, target: Target) -> bool:
    try:
        verify_signature(body, header, target.webhook_secrets)
    except NotAuthentic:
        return False
    return True


ROWS = (webhook_bytes, large_webhook, clock_of_webhooks, webhook_signature, receivers)
