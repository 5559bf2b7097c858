"""What is kept of an attempt that failed.

    <url>/<request_id>/errors/<attempt>.json

The platform's own async predict result of a failure, `data` null and `errors` saying why, with a record of
ours behind it. One for each failed attempt, never written twice. It is no result: no reader takes it for one,
and it neither keeps a later attempt from succeeding nor hides that it did.
"""

import traceback
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from truss_outputs.keys import artifact_key, request_folder
from truss_outputs.results.document import AsyncPredictResult, AsyncRequestError
from truss_outputs.results.redaction import redacted
from truss_outputs.store import Store

FOLDER = "errors"

_LONGEST_MESSAGE = 2_000
_LONGEST_TRACEBACK = 20_000

# docs.baseten.co/inference/async, "Error codes": what the platform makes of a model's answer.
_CODES = {
    404: "MODEL_DOES_NOT_EXIST",
    412: "MODEL_PREDICT_ERROR",
    422: "MODEL_INVALID_INPUT",
    502: "MODEL_UNAVAILABLE",
    503: "MODEL_UNAVAILABLE",
    504: "MODEL_PREDICT_TIMEOUT",
}


class FailureRecord(BaseModel):
    """What this package adds: which attempt failed and with which exception; where, only if asked for."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    attempt: str
    request_id: str
    exception: str
    traceback: str | None = None


class StoredFailure(AsyncPredictResult):
    """The content of `errors/<attempt>.json`."""

    truss_outputs: FailureRecord


def failure_key(request_id: str, attempt: str) -> str:
    """The key of an attempt's error record. The attempts that write results never have this folder's name."""
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
) -> StoredFailure:
    """The record of an attempt that ended with `error`, without secrets. Raises InvalidRequestId."""
    request_id = request_folder(request_id)
    trace = None
    if with_traceback:
        text = "".join(traceback.format_exception(error))
        trace = redacted(_plain(text), secrets)[-_LONGEST_TRACEBACK:]
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
        ),
    )


def stored_failures(store: Store, request_id: str) -> list[StoredFailure]:
    """The error records of a request, oldest first. What is none of ours is left out."""
    return sorted(_readable(store, request_id), key=lambda failure: failure.time)


def _readable(store: Store, request_id: str) -> Iterator[StoredFailure]:
    for entry in store.list(f"{request_folder(request_id)}/{FOLDER}/"):
        try:
            yield StoredFailure.model_validate_json(store.get(entry.key))
        except ValidationError:
            continue


def _code(error: BaseException) -> str:
    status = getattr(error, "status_code", None)  # of an HTTPException, which Truss passes on
    if not isinstance(status, int):
        return "MODEL_PREDICT_ERROR"
    return _CODES.get(status, "MODEL_INVALID_INPUT" if 400 <= status < 500 else "MODEL_PREDICT_ERROR")


def _message(error: BaseException) -> str:
    detail = getattr(error, "detail", None)
    try:
        text = str(detail if detail is not None else error)
    except Exception:  # a __str__ of somebody else's that fails, where we report failures
        text = ""
    return _plain(text) or type(error).__name__


def _name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _plain(text: str) -> str:
    return text.encode(errors="replace").decode()
