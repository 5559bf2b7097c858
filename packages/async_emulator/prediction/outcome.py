"""The outcome of an async request, from the model's answer.

The table is docs.baseten.co/inference/async, "Error codes". For statuses that it leaves out we chose: every
other 4xx is MODEL_INVALID_INPUT and all else MODEL_PREDICT_ERROR, and neither is retried. Pure.
"""

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from async_emulator.prediction.chainlet_error import root_reason
from async_inference.codes import ErrorCode

_MESSAGE_LIMIT = 2_000
"""The most characters kept of the model's own message. Our choice; the platform states none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Success:
    """The model answered. `status` is that of its answer."""

    body: bytes
    is_json: bool = True
    status: int = HTTPStatus.OK


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """The attempt failed. `is_retryable`: another attempt may succeed.

    `status` is that of the model's answer, or what a sync caller would get where there was none.
    """

    code: ErrorCode
    message: str
    is_retryable: bool
    status: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BackPressure:
    """The model is busy: no attempt was made, and the request stays queued."""

    status: int = HTTPStatus.TOO_MANY_REQUESTS


Outcome = Success | Failure | BackPressure

UNREACHABLE = Failure(
    code=ErrorCode.MODEL_UNAVAILABLE,
    message="Error making prediction",
    is_retryable=True,
    status=HTTPStatus.BAD_GATEWAY,
)
TIMED_OUT = Failure(
    code=ErrorCode.MODEL_PREDICT_TIMEOUT,
    message="the prediction took longer than an async request may run",
    is_retryable=False,
    status=HTTPStatus.GATEWAY_TIMEOUT,
)

_FAILURES: dict[int, tuple[ErrorCode, bool]] = {
    HTTPStatus.BAD_REQUEST: (ErrorCode.MODEL_NOT_READY, True),
    HTTPStatus.NOT_FOUND: (ErrorCode.MODEL_DOES_NOT_EXIST, False),
    HTTPStatus.PRECONDITION_FAILED: (ErrorCode.MODEL_PREDICT_ERROR, False),
    HTTPStatus.UNPROCESSABLE_ENTITY: (ErrorCode.MODEL_INVALID_INPUT, False),
    HTTPStatus.INTERNAL_SERVER_ERROR: (ErrorCode.MODEL_PREDICT_ERROR, True),
    HTTPStatus.BAD_GATEWAY: (ErrorCode.MODEL_UNAVAILABLE, True),
    HTTPStatus.SERVICE_UNAVAILABLE: (ErrorCode.MODEL_UNAVAILABLE, True),
    HTTPStatus.GATEWAY_TIMEOUT: (ErrorCode.MODEL_PREDICT_TIMEOUT, True),
}
_FAILURES_BY_CLASS = {4: (ErrorCode.MODEL_INVALID_INPUT, False)}
_OTHER_FAILURE = (ErrorCode.MODEL_PREDICT_ERROR, False)
_TRUSS_ERROR_HEADER = "X-Baseten-Error-Source"


def is_streamed(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the model streams its answer, from a generator or as a streaming response."""
    return status < HTTPStatus.MULTIPLE_CHOICES and headers.get("Transfer-Encoding", "").lower() == "chunked"


def streamed(status: int) -> Failure:
    """Return the outcome of an answer that is streamed."""
    return Failure(
        code=ErrorCode.ASYNC_REQUEST_NOT_SUPPORTED,
        message="the model streams its output, which async requests do not support",
        is_retryable=False,
        status=status,
    )


def outcome_of(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Return the outcome of an answer that is not streamed. `headers` ignore case."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return BackPressure()
    if headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip"):
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error):
            if status < HTTPStatus.MULTIPLE_CHOICES:
                return Failure(
                    code=ErrorCode.MODEL_PREDICT_ERROR,
                    message="the model's answer is not in gzip, although its Content-Encoding says so",
                    is_retryable=False,
                    status=status,
                )
    if status < HTTPStatus.MULTIPLE_CHOICES:
        media_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Success(body=body, is_json=media_type == "application/json", status=status)
    if status == HTTPStatus.BAD_REQUEST and _TRUSS_ERROR_HEADER in headers:
        # The Truss server's own 400 (it cannot read the input) or the model's: trying again does not help.
        # The table's 400, "not ready", comes from the platform, which does not send this header.
        code, is_retryable = ErrorCode.MODEL_INVALID_INPUT, False
    else:
        code, is_retryable = _FAILURES.get(status) or _FAILURES_BY_CLASS.get(status // 100, _OTHER_FAILURE)
    return Failure(code=code, message=_message(status, body), is_retryable=is_retryable, status=status)


def _message(status: int, body: bytes) -> str:
    """Return the model's own message: the text under `error`, or all it sent; of a chain, the root cause."""
    from pydantic_core import from_json  # imported on first use, for a quick start: see Emulator

    text = body.decode("utf-8", errors="replace")
    try:
        parsed = from_json(text)  # refuses what is nested too deep to be written again
    except ValueError:
        parsed = None
    if isinstance(parsed, dict) and (error := parsed.get("error")):
        reason = root_reason(error) if isinstance(error, dict) else None
        text = reason or (error if isinstance(error, str) else json.dumps(error))
    return text[:_MESSAGE_LIMIT].strip() or f"the model answered {status}"
