"""The record of an attempt that failed.

    <url>/<request_id>/errors/<attempt>.json

It is the platform's own async predict result of a failure, `data` null and `errors` with the reason, followed
by our record. Each failed attempt writes one, once. No reader takes it for a result, and it neither prevents
nor hides a later attempt's success.
"""

import traceback
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from truss_outputs.keys import artifact_key, request_folder
from truss_outputs.results.document import AsyncPredictResult, AsyncRequestError
from truss_outputs.results.error_reason import root_reason, text_of, valid_unicode
from truss_outputs.results.redaction import redacted
from truss_outputs.store import Store

FOLDER = "errors"

_LONGEST_MESSAGE = 2_000
_LONGEST_TRACEBACK = 20_000

# The platform's code for each status that a model answers (docs.baseten.co/inference/async, "Error codes").
_CODES = {
    404: "MODEL_DOES_NOT_EXIST",
    412: "MODEL_PREDICT_ERROR",
    422: "MODEL_INVALID_INPUT",
    502: "MODEL_UNAVAILABLE",
    503: "MODEL_UNAVAILABLE",
    504: "MODEL_PREDICT_TIMEOUT",
}


class FailureRecord(BaseModel):
    """What this package adds: the attempt, its exception, and a traceback if the settings ask for one.

    `traceparent` is the caller's trace (w3.org/TR/trace-context), None where the call named none.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    attempt: str
    request_id: str
    exception: str
    traceback: str | None = None
    traceparent: str | None = None


class StoredFailure(AsyncPredictResult):
    """The content of `errors/<attempt>.json`."""

    truss_outputs: FailureRecord


def failure_key(request_id: str, attempt: str) -> str:
    """Return the key of an attempt's error record. No attempt that writes a result has its folder's name."""
    return artifact_key(request_id, FOLDER, f"{attempt}.json")


def failure_of(
    error: BaseException,
    request_id: str,
    *,
    time: datetime,
    model_id: str = "",
    deployment_id: str = "",
    secrets: frozenset[str] = frozenset(),
    with_traceback: bool = False,
    traceparent: str | None = None,
) -> StoredFailure:
    """Make the record of an attempt that ended with `error`, without secrets. Raises InvalidRequestId."""
    request_id = request_folder(request_id)
    trace = None
    if with_traceback:
        text = "".join(traceback.format_exception(error))
        trace = redacted(valid_unicode(text), secrets)[-_LONGEST_TRACEBACK:]
    return StoredFailure(
        request_id=request_id,
        model_id=model_id,
        deployment_id=deployment_id,
        time=time,
        data=None,
        errors=[
            AsyncRequestError(
                code=_code(error), message=redacted(_message(error), secrets)[:_LONGEST_MESSAGE]
            )
        ],
        truss_outputs=FailureRecord(
            attempt=uuid.uuid4().hex,
            request_id=request_id,
            exception=_name(type(error)),
            traceback=trace,
            traceparent=traceparent,
        ),
    )


def stored_failures(store: Store, request_id: str) -> list[StoredFailure]:
    """Read the error records of a request, oldest first. Objects of another form are left out."""
    return sorted(_readable(store, request_id), key=lambda failure: failure.time)


def _readable(store: Store, request_id: str) -> Iterator[StoredFailure]:
    for entry in store.list(f"{request_folder(request_id)}/{FOLDER}/"):
        try:
            yield StoredFailure.model_validate_json(store.get(entry.key))
        except ValidationError:
            continue


def _code(error: BaseException) -> str:
    status = getattr(error, "status_code", None)  # an HTTPException has one, and Truss answers with it
    if not isinstance(status, int):
        return "MODEL_PREDICT_ERROR"
    return _CODES.get(status, "MODEL_INVALID_INPUT" if 400 <= status < 500 else "MODEL_PREDICT_ERROR")


def _message(error: BaseException) -> str:
    detail = getattr(error, "detail", None)
    text = text_of(error if detail is None else detail)
    return root_reason(text) or text or type(error).__name__


def _name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
