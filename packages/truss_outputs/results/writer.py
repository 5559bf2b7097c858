"""Writes outputs into the store, whole or not at all."""

import logging
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from truss_outputs.backoff import Backoff
from truss_outputs.errors import StoreError, UnstorableOutput
from truss_outputs.keys import artifact_key, request_folder, result_key
from truss_outputs.results.commit import commit
from truss_outputs.results.document import ResultReference, StorageRecord, StoredArtifact, StoredResult
from truss_outputs.results.signing import sealed
from truss_outputs.store import PutReceipt, Store
from truss_outputs.values.encode import PendingArtifact, encode, placed
from truss_outputs.values.payload import Chunks, unreadable
from truss_outputs.values.types.images import ImageFormat

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CommittedResult:
    """The request's result, of whichever attempt won: the reference to it, and its `data`.

    Do not change `data`: it may share values with the output that was written.
    """

    reference: ResultReference
    data: JsonValue


class OutputWriter:
    """Writes each request's output as one result. Safe to share between threads.

    1. If `result.json` exists, every artifact it names exists, whole, and stays so.
    2. A request has at most one result. A later attempt returns the first one's reference, and cleans up.
    3. A crash at any instruction leaves no `result.json`, or a true one.
    4. `write` returns only once the result is stored; otherwise it raises.
    5. The place depends on the store and the checked request id alone.
    """

    def __init__(
        self,
        store: Store,
        *,
        model_id: str = "",
        deployment_id: str = "",
        images: ImageFormat = "PNG",
        signing_secret: Callable[[], str] | None = None,
        backoff: Backoff | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """With `signing_secret`, each result is signed by the secret that it returns at that moment."""
        self._store = store
        self._model_id = model_id
        self._deployment_id = deployment_id
        self._images: ImageFormat = images
        self._signing_secret = signing_secret
        self._backoff = backoff or Backoff()
        self._now = now

    def write(self, output: object, request_id: str) -> ResultReference:
        """Store `output` as the result of the request, and return the reference to that result.

        Raises InvalidRequestId, UnstorableOutput, StoreError, and what the signing secret raises.
        """
        return self.commit(output, request_id).reference

    def commit(self, output: object, request_id: str) -> CommittedResult:
        """Do what `write` does, and return the result's data too. It is not read from the store for that."""
        request_id = request_folder(request_id)
        attempt = uuid.uuid4().hex
        encoded = encode(output, images=self._images)
        keys = [artifact_key(request_id, attempt, pending.name) for pending in encoded.artifacts]
        try:
            artifacts = [
                self._stored(key, pending) for key, pending in zip(keys, encoded.artifacts, strict=True)
            ]
            record = StorageRecord(attempt=attempt, artifacts=artifacts)
            references = {artifact.path: artifact.reference.model_dump() for artifact in artifacts}
            document = self._document(request_id, encoded.json_with(references), record)
        except Exception:
            self._discard(keys)
            raise
        try:
            winner = commit(self._store, request_id, document, self._backoff, attempt=attempt)
        except StoreError as error:
            if not error.is_transient:  # otherwise the result may yet appear, and must find its artifacts
                self._discard(keys)
            raise
        url = self._store.url_of(result_key(request_id))
        if winner is None:
            reference = ResultReference.to(request_id, record, url)
            return CommittedResult(reference=reference, data=placed(encoded.data, references))
        self._discard(keys)
        return CommittedResult(
            reference=ResultReference.to(request_id, winner.truss_outputs, url), data=winner.data
        )

    def _stored(self, key: str, pending: PendingArtifact) -> StoredArtifact:
        receipt = self._put(key, pending)
        artifact = pending.artifact
        return StoredArtifact(
            path=pending.path,
            name=pending.name,
            url=self._store.url_of(key),
            content_type=artifact.content_type,
            kind=artifact.kind,
            size=receipt.size,
            checksum=f"sha256:{receipt.sha256}",
        )

    def _put(self, key: str, pending: PendingArtifact) -> PutReceipt:
        # Not create-only: the attempt is in the key, so an object that exists there is this very artifact,
        # stored by a put whose acknowledgement was lost.
        body, content_type = pending.artifact.data, pending.artifact.content_type
        if isinstance(body, bytes | Path):
            try:
                return self._backoff.call(lambda: self._store.put(key, body, content_type=content_type))
            except StoreError:
                raise
            except OSError as error:  # the file is gone, or may not be read
                raise _unreadable(pending, error) from error
        with closing(Chunks(body)) as chunks:  # a stream can be read only once, so there is no second try
            try:
                return self._store.put(key, chunks, content_type=content_type)
            except Exception:
                if chunks.error is None:
                    raise
                raise _unreadable(pending, chunks.error) from chunks.error

    def _document(self, request_id: str, data: bytes, record: StorageRecord) -> bytes:
        document = StoredResult.document(
            request_id=request_id,
            model_id=self._model_id,
            deployment_id=self._deployment_id,
            time=self._now(),
            data=data,
            truss_outputs=record,
        )
        return sealed(document, self._signing_secret()) if self._signing_secret else document

    def _discard(self, keys: list[str]) -> None:
        """Delete artifacts that no result names. A failure is only logged: the write's outcome stands."""
        for key in keys:
            try:
                self._store.delete(key)
            except StoreError as error:
                _log.warning("left behind, though no result names it: %s", error)


def _unreadable(pending: PendingArtifact, error: Exception) -> UnstorableOutput:
    return unreadable(pending.path, pending.artifact.data, error)
