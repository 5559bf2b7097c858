"""The answer to the caller and the webhook about a stored result."""

import logging
from typing import Any, cast

from pydantic_core import to_json

from truss_outputs.errors import SettingsError, StoreError
from truss_outputs.keys import artifact_key, result_key
from truss_outputs.results.document import ResultReference
from truss_outputs.results.writer import CommittedResult
from truss_outputs.settings.sections import ResponseSettings
from truss_outputs.store import Store
from truss_outputs.stores.presigning import Presigner

_log = logging.getLogger(__name__)


def check_response(settings: ResponseSettings, store: Store) -> None:
    """Raise SettingsError if this store cannot give the answers that the settings ask for."""
    if settings.presign_seconds is not None and (
        problem := _presign_problem(settings.presign_seconds, store)
    ):
        raise SettingsError(
            "model_metadata.truss_outputs.response", f"presign_seconds: {problem}; leave the setting out"
        )


def respond(committed: CommittedResult, settings: ResponseSettings, store: Store) -> Any:
    """Return the answer that describes a result committed to `store`.

    `inline` answers with the result's `data` itself, `both` with the reference and the data beside it. If the
    data, as compact JSON, has more bytes than the limit, the reference alone is the answer.
    """
    answer: dict[str, Any] = committed.reference.model_dump(mode="json")
    if settings.presign_seconds is not None:
        answer |= _presigned(committed.reference, settings.presign_seconds, store)
    if settings.form == "reference" or len(to_json(committed.data)) > settings.inline_limit_bytes:
        return answer
    return committed.data if settings.form == "inline" else {**answer, "data": committed.data}


def _presign_problem(seconds: int, store: Store) -> str | None:
    if not hasattr(store, "presign"):
        return f"{store.url} offers no presigned urls"
    problem = cast(Presigner, store).presign_problem(seconds)
    return f"{store.url}: {problem}" if problem else None


def _presigned(reference: ResultReference, seconds: int, store: Store) -> dict[str, Any]:
    """Return urls for `result.json` and for each artifact by name, with the seconds that they stay valid.

    The dict is empty where a destination's store cannot presign, or cannot get a key now: the result is
    stored all the same.
    """
    if problem := _presign_problem(seconds, store):
        _log.warning("answered without presigned urls: %s", problem)
        return {}
    presigner = cast(Presigner, store)
    keys = {
        artifact.name: artifact_key(reference.request_id, reference.attempt, artifact.name)
        for artifact in reference.artifacts
    }
    try:
        urls = {
            "seconds": seconds,
            "result": presigner.presign(result_key(reference.request_id), seconds),
            "artifacts": {name: presigner.presign(key, seconds) for name, key in keys.items()},
        }
    except StoreError as error:
        _log.warning("answered without presigned urls: %s", error)
        return {}
    return {"presigned": urls}
