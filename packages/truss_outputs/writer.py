"""Outputs into the store, whole or not at all."""

import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from truss_outputs.backoff import Backoff
from truss_outputs.commit import commit
from truss_outputs.encoding import EncodedOutput, PendingArtifact, encode, placed
from truss_outputs.errors import StoreError
from truss_outputs.keys import artifact_key, request_folder, result_key
from truss_outputs.result import ResultReference, StorageRecord, StoredArtifact, StoredResult
from truss_outputs.store import Store

_log = logging.getLogger(__name__)


class OutputWriter:
    """Writes each request's output as one result. Safe to share between threads.

    1. If `result.json` exists, every artifact it names exists, whole, and stays so.
    2. A request has at most one result. Who comes second gets the first one's reference, and cleans up.
    3. A crash at any instruction leaves no `result.json`, or a true one.
    4. `write` returns only what is stored; else it raises.
    5. The place depends on the store and the checked request id alone.
    """

    def __init__(
        self,
        store: Store,
        *,
        model_id: str = "",
        deployment_id: str = "",
        backoff: Backoff | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._model_id = model_id
        self._deployment_id = deployment_id
        self._backoff = backoff or Backoff()
        self._now = now

    def write(self, output: object, request_id: str) -> ResultReference:
        """Store `output` as the result of the request, and return where it lies.

        Raises InvalidRequestId, UnstorableOutput, or StoreError.
        """
        request_id = request_folder(request_id)
        attempt = uuid.uuid4().hex
        encoded = encode(output)
        keys = [artifact_key(request_id, attempt, pending.name) for pending in encoded.artifacts]
        try:
            artifacts = [
                self._put(key, pending) for key, pending in zip(keys, encoded.artifacts, strict=True)
            ]
            result = self._result(request_id, attempt, encoded, artifacts)
        except Exception:
            self._discard(keys)
            raise
        try:
            winner = commit(self._store, result, self._backoff)
        except StoreError as error:
            if not error.is_transient:  # else the result may yet appear, and must find its artifacts
                self._discard(keys)
            raise
        if winner.truss_outputs.attempt != attempt:
            self._discard(keys)
        return ResultReference.to(winner, self._store.url_of(result_key(request_id)))

    def _put(self, key: str, pending: PendingArtifact) -> StoredArtifact:
        # Not create-only: the attempt is in the key, so all that can stand there is this very artifact, after
        # an acknowledgement that got lost.
        artifact = pending.artifact
        receipt = self._backoff.call(
            lambda: self._store.put(key, artifact.data, content_type=artifact.content_type)
        )
        return StoredArtifact(
            path=pending.path,
            name=pending.name,
            url=self._store.url_of(key),
            content_type=artifact.content_type,
            size=receipt.size,
            checksum=f"sha256:{receipt.sha256}",
        )

    def _result(
        self, request_id: str, attempt: str, encoded: EncodedOutput, artifacts: list[StoredArtifact]
    ) -> StoredResult:
        references = {artifact.path: artifact.reference.model_dump() for artifact in artifacts}
        return StoredResult(
            request_id=request_id,
            model_id=self._model_id,
            deployment_id=self._deployment_id,
            time=self._now(),
            data=placed(encoded.data, references),
            truss_outputs=StorageRecord(attempt=attempt, artifacts=artifacts),
        )

    def _discard(self, keys: list[str]) -> None:
        """Delete what no result names. Best effort: the outcome of the write is decided already."""
        for key in keys:
            try:
                self._store.delete(key)
            except StoreError as error:
                _log.warning("left behind, though no result names it: %s", error)
