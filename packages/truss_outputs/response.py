"""What the caller and the webhook get of a result that is stored."""

import json
import logging
from typing import Any, cast

from truss_outputs.errors import SettingsError, StoreError
from truss_outputs.keys import artifact_key, result_key
from truss_outputs.results.document import ResultReference
from truss_outputs.results.reader import OutputReader
from truss_outputs.settings.sections import ResponseSettings
from truss_outputs.store import Store
from truss_outputs.stores.presigning import Presigner

_log = logging.getLogger(__name__)


def check_response(settings: ResponseSettings, store: Store) -> None:
    """Raises SettingsError if this store cannot answer so."""
    if settings.presign_seconds is not None and (
        problem := _presign_problem(settings.presign_seconds, store)
    ):
        raise SettingsError(
            "model_metadata.truss_outputs.response", f"presign_seconds: {problem}; leave the setting out"
        )


def respond(reference: ResultReference, settings: ResponseSettings, store: Store) -> Any:
    """The answer about the result that `reference` leads to.

    `inline` answers with the result's `data` itself, `both` with the reference and the data beside it. Data
    over the limit, as JSON, is left out: then the reference alone is the answer. The data is the winner's,
    and so it is read from the store. Where that fails, the reference is the answer too: the result is there,
    and another attempt would gain nothing. Raises CorruptResult.
    """
    answer: dict[str, Any] = reference.model_dump(mode="json")
    if settings.presign_seconds is not None:
        answer |= _presigned(reference, settings.presign_seconds, store)
    if settings.form == "reference":
        return answer
    try:
        data = OutputReader(store).load(reference.request_id).data
    except StoreError as error:
        _log.warning("answered with the reference only: %s", error)
        return answer
    size = len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())
    if size > settings.inline_limit_bytes:
        return answer
    return data if settings.form == "inline" else {**answer, "data": data}


def _presign_problem(seconds: int, store: Store) -> str | None:
    if not hasattr(store, "presign"):
        return f"{store.url} offers no presigned urls"
    problem = cast(Presigner, store).presign_problem(seconds)
    return f"{store.url}: {problem}" if problem else None


def _presigned(reference: ResultReference, seconds: int, store: Store) -> dict[str, Any]:
    """Urls by name: of `result.json`, and of each artifact. For how long they serve stands beside them.

    A destination may be a store that cannot, and a key may be not to be had now: the result is stored all the
    same, and the answer goes without.
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
