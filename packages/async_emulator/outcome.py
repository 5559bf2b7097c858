"""What a model's answer means for an async request.

The table is docs.baseten.co/inference/async, "Error codes"; statuses it leaves out are decided as
`contract.md` §5.8 suggests. Pure: an answer goes in, an outcome comes out.
"""

import contextlib
import json
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import JsonValue
from pydantic_core import from_json

from async_inference.wire import ErrorCode

_MESSAGE_LIMIT = 2_000
"""Characters of the model's own message that are kept. Ours: the platform states none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Success:
    """The model answered."""

    body: bytes
    is_json: bool = True

    @property
    def data(self) -> JsonValue:
        """What a webhook gets: the JSON as it is, anything else as text (`data` is "dict or string").

        Parsed by what will write it again, so that JSON which could not be written, such as half a surrogate
        or lists 300 deep, is text too.
        """
        if self.is_json:
            with contextlib.suppress(ValueError):
                data: JsonValue = from_json(self.body)
                return data
        return self.body.decode("utf-8", errors="replace")


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """The attempt failed. `is_retryable`: another attempt may succeed."""

    code: ErrorCode
    message: str
    is_retryable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class BackPressure:
    """The model is busy: no attempt was made, and the request stays queued."""


Outcome = Success | Failure | BackPressure

UNREACHABLE = Failure(code=ErrorCode.MODEL_UNAVAILABLE, message="Error making prediction", is_retryable=True)
TIMED_OUT = Failure(
    code=ErrorCode.MODEL_PREDICT_TIMEOUT,
    message="the prediction took longer than an async request may run",
    is_retryable=False,
)

_FAILURES: dict[int, tuple[ErrorCode, bool]] = {
    HTTPStatus.NOT_FOUND: (ErrorCode.MODEL_DOES_NOT_EXIST, False),
    HTTPStatus.PRECONDITION_FAILED: (ErrorCode.MODEL_PREDICT_ERROR, False),
    HTTPStatus.UNPROCESSABLE_ENTITY: (ErrorCode.MODEL_INVALID_INPUT, False),
    HTTPStatus.INTERNAL_SERVER_ERROR: (ErrorCode.MODEL_PREDICT_ERROR, True),
    HTTPStatus.BAD_GATEWAY: (ErrorCode.MODEL_UNAVAILABLE, True),
    HTTPStatus.SERVICE_UNAVAILABLE: (ErrorCode.MODEL_UNAVAILABLE, True),
    HTTPStatus.GATEWAY_TIMEOUT: (ErrorCode.MODEL_PREDICT_TIMEOUT, True),
}


def outcome_of(status: int, content_type: str, body: bytes) -> Outcome:
    """The outcome of an attempt that the model answered."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return BackPressure()
    if status < HTTPStatus.BAD_REQUEST:
        return _success(content_type, body)
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        code, is_retryable = _FAILURES.get(status, (ErrorCode.MODEL_INVALID_INPUT, False))
    else:
        code, is_retryable = _FAILURES.get(status, (ErrorCode.MODEL_PREDICT_ERROR, False))
    return Failure(code=code, message=_message(status, body), is_retryable=is_retryable)


def _success(content_type: str, body: bytes) -> Outcome:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "application/octet-stream":
        return Failure(
            code=ErrorCode.ASYNC_REQUEST_NOT_SUPPORTED,
            message="the model streams its output, which async requests do not support",
            is_retryable=False,
        )
    return Success(body=body, is_json=media_type == "application/json")


def _message(status: int, body: bytes) -> str:
    """The model's own words: the text under `error`, or what else it sent."""
    text = body.decode("utf-8", errors="replace")
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError:
        parsed = None
    if isinstance(parsed, dict) and (error := parsed.get("error")):
        text = error if isinstance(error, str) else json.dumps(error)
    return text[:_MESSAGE_LIMIT].strip() or f"the model answered {status}"
