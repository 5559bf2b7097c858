"""What the caller and the webhook get of a result that is stored."""

import json
import logging
from collections.abc import Callable
from typing import Any, TypeAlias

from truss_outputs.delivery import ResponseSettings
from truss_outputs.errors import SettingsError, StoreError
from truss_outputs.keys import artifact_key, result_key
from truss_outputs.reader import OutputReader
from truss_outputs.result import ResultReference
from truss_outputs.store import Store

_log = logging.getLogger(__name__)

Presign: TypeAlias = Callable[[str, int], str]
"""What a store may offer: an https url under which anybody may read a key, for so many seconds."""


def check_response(settings: ResponseSettings, store: Store) -> None:
    """Raises SettingsError if this store cannot answer so."""
    if settings.presign_seconds is not None and not hasattr(store, "presign"):
        raise SettingsError(
            "model_metadata.truss_outputs.response",
            f"presign_seconds: {store.url} offers no presigned urls; leave the setting out",
        )


def respond(reference: ResultReference, settings: ResponseSettings, store: Store) -> Any:
    """The answer about the result that `reference` leads to.

    `inline` answers with the result's `data` itself, `both` with the reference and the data beside it. Data
    over the limit, as JSON, is left out: then the reference alone is the answer. The data is the winner's,
    and so it is read from the store. Where that fails, the reference is the answer too: the result is there,
    and another attempt would gain nothing. Raises CorruptResult.
    """
    answer: dict[str, Any] = reference.model_dump(mode="json")
    presign: Presign | None = getattr(store, "presign", None)
    if settings.presign_seconds is not None and presign is not None:
        answer["presigned"] = _presigned(reference, settings.presign_seconds, presign)
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


def _presigned(reference: ResultReference, seconds: int, presign: Presign) -> dict[str, Any]:
    """Urls by name: of `result.json`, and of each artifact. For how long they serve stands beside them."""
    keys = {
        artifact.name: artifact_key(reference.request_id, reference.attempt, artifact.name)
        for artifact in reference.artifacts
    }
    return {
        "seconds": seconds,
        "result": presign(result_key(reference.request_id), seconds),
        "artifacts": {name: presign(key, seconds) for name, key in keys.items()},
    }
