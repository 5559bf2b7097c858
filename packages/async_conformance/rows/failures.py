"""Failures of the model: their codes, and which are retried, when, and how often."""

from typing import TYPE_CHECKING, Any

from async_conformance.row import Facts, row
from async_conformance.rows.errors import TWICE, first_error
from async_conformance.rows.pauses import about
from async_conformance.target import Target

if TYPE_CHECKING:
    from pydantic import JsonValue

_MESSAGE = "as it was asked to, é"
_BY_DEFAULT = (1.0, 2.0)  # docs.baseten.co/inference/async
_CAPPED = (1.0, 1.5)
_CODES = {
    400: "MODEL_INVALID_INPUT, final",
    403: "MODEL_INVALID_INPUT, final",
    404: "MODEL_DOES_NOT_EXIST, final",
    409: "MODEL_INVALID_INPUT, final",
    412: "MODEL_PREDICT_ERROR, final",
    422: "MODEL_INVALID_INPUT, final",
    500: "MODEL_PREDICT_ERROR, retried",
    502: "MODEL_UNAVAILABLE, retried",
    503: "MODEL_UNAVAILABLE, retried",
    504: "MODEL_PREDICT_TIMEOUT, retried",
}


@row(
    "error codes",
    proves="the error code of each status of the model, and whether it is retried",
    expected={str(status): code for status, code in _CODES.items()},
    calls=len(_CODES) * 8,
    seconds=12.0,
)
async def error_codes(target: Target) -> Facts:
    """Let the model fail with each status."""
    seen: dict[str, JsonValue] = {}
    for status in _CODES:
        request_id = await target.submit({"do": "fail", "status": status}, inference_retry_config={**TWICE})
        code = first_error(await target.ended(request_id), "code")
        attempts = len(await target.recalled(request_id))
        seen[str(status)] = f"{code}, {'retried' if attempts > 1 else 'final'}"
    return seen


@row(
    "error messages",
    word="error codes",
    proves="the message of an error is the model's own, once, for the last attempt",
    expected={"message": _MESSAGE, "errors": 1},
    calls=10,
    is_unpublished=True,
)
async def error_messages(target: Target) -> Facts:
    """Let the model fail with words of ours."""
    request_id = await target.submit(
        {"do": "fail", "status": 500, "error": _MESSAGE}, inference_retry_config={**TWICE}
    )
    answer = await target.ended(request_id)
    errors = answer.field("errors")
    return {
        "message": first_error(answer, "message")[:200],
        "errors": len(errors) if isinstance(errors, list) else None,
    }


@row(
    "a model's own 400",
    word="--retry-not-ready",
    proves="a model's 400 is a bad input; were it MODEL_NOT_READY, it would show whether that is retried",
    expected={"code": "MODEL_INVALID_INPUT", "MODEL_NOT_READY is retried": None},
    calls=10,
    is_unpublished=True,
    settings={"retry_not_ready": "MODEL_NOT_READY is retried"},
)
async def own_400(target: Target) -> Facts:
    """Let the model answer 400 with a response of its own."""
    request_id = await target.submit({"do": "answer", "status": 400}, inference_retry_config={**TWICE})
    answer = await target.ended(request_id)
    code = first_error(answer, "code")
    is_retried = len(await target.recalled(request_id)) > 1
    return {"code": code, "MODEL_NOT_READY is retried": is_retried if code == "MODEL_NOT_READY" else None}


@row(
    "retry delays",
    proves="three attempts by default, after 1 and 2 seconds, and the longest delay is a setting",
    expected={"by default": [*_BY_DEFAULT], "at most 1.5 s": [*_CAPPED], "attempts of one": 1},
    calls=40,
    seconds=9.0,
    is_alone=True,
)
async def retry_delays(target: Target) -> Facts:
    """Ask the model when it was called, by requests that fail always."""
    failing: dict[str, JsonValue] = {"do": "fail", "status": 500}
    default = await target.submit(failing)
    await target.ended(default)
    capped = await target.submit(failing, inference_retry_config={"max_delay_ms": 1_500})
    await target.ended(capped)
    once = await target.submit(failing, inference_retry_config={"max_attempts": 1})
    await target.ended(once)
    return {
        "by default": [*about(_pauses(await target.recalled(default)), _BY_DEFAULT)],
        "at most 1.5 s": [*about(_pauses(await target.recalled(capped)), _CAPPED)],
        "attempts of one": len(await target.recalled(once)),
    }


def _pauses(calls: list[dict[str, Any]]) -> list[float]:
    """The seconds between the calls."""
    ends = [_seconds(each.get("ended_at")) for each in calls]
    starts = [_seconds(each.get("started_at")) for each in calls]
    return [start - end for end, start in zip(ends, starts[1:], strict=False)]


def _seconds(value: Any) -> float:
    return value if isinstance(value, float) else 0.0


@row(
    "back-pressure",
    proves="a model's 429 is no attempt: the request runs again",
    expected={"fails": False, "calls of the model": 2},
    calls=25,
    seconds=6.0,
    is_alone=True,
)
async def back_pressure(target: Target) -> Facts:
    """Let the model refuse the only attempt once."""
    request_id = await target.submit(
        {"do": "fail", "status": 429, "times": 1}, inference_retry_config={"max_attempts": 1}
    )
    answer = await target.ended(request_id)
    return {
        "fails": bool(answer.field("errors")),
        "calls of the model": len(await target.recalled(request_id)),
    }


ROWS = (error_codes, error_messages, own_400, retry_delays, back_pressure)
