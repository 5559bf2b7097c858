"""Writes outputs into the store, whole or not at all."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event

from pydantic import JsonValue

from truss_outputs.backoff import Backoff
from truss_outputs.daemon_threads import DaemonThreads
from truss_outputs.deadline import Deadline, DeadlinePassed, within
from truss_outputs.errors import ObjectNotFound, StoreError
from truss_outputs.keys import artifact_key, request_folder, result_key
from truss_outputs.results.commit import UNDECIDED, commit
from truss_outputs.results.discard import DISCARD_SECONDS, discard
from truss_outputs.results.document import ResultReference, StorageRecord, StoredArtifact, StoredResult
from truss_outputs.results.reader import OutputReader
from truss_outputs.results.signing import sealed
from truss_outputs.results.uploads import Upload, Uploads
from truss_outputs.results.write_observer import WriteObserver
from truss_outputs.store import EndsInTime, Store
from truss_outputs.stores.options import WRITE_TIMEOUT_SECONDS
from truss_outputs.values.encode import encode, placed
from truss_outputs.values.types.images import ImageFormat

_NOBODY = WriteObserver()

# The most of a write's time that a look for a result takes. Our choice: without an answer the model runs.
_LOOK_SHARE = 0.1


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
    6. `write` ends within `backoff.budget` seconds, 30 by default, and the time that its bytes take at
       `deadline.MIN_RATE`, whatever the store does; after a failure, within 2 seconds more.
    7. A commit that is cancelled leaves no result, or a true one if it was on its way already.
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
        self._ends_in_time = store if isinstance(store, EndsInTime) else None
        self._model_id = model_id
        self._deployment_id = deployment_id
        self._images: ImageFormat = images
        self._signing_secret = signing_secret
        self._backoff = backoff or Backoff(budget=WRITE_TIMEOUT_SECONDS)
        self._now = now
        self._threads = DaemonThreads("truss_outputs-write")

    def write(self, output: object, request_id: str) -> ResultReference:
        """Store `output` as the result of the request, and return the reference to that result.

        Raises InvalidRequestId, UnstorableOutput, StoreError, and what the signing secret raises.
        """
        return self.commit(output, request_id).reference

    def commit(
        self,
        output: object,
        request_id: str,
        *,
        observer: WriteObserver = _NOBODY,
        cancelled: Event | None = None,
    ) -> CommittedResult:
        """Do what `write` does, and return the result's data too. It is not read from the store for that.

        Once `cancelled` is set, no further step is taken but to delete what this write has put, and the write
        fails.
        """
        request_id = request_folder(request_id)
        attempt = uuid.uuid4().hex
        encoded = encode(output, images=self._images)
        uploads = [
            Upload(artifact_key(request_id, attempt, pending.name), pending) for pending in encoded.artifacts
        ]
        deadline = self._backoff.deadline(cancelled)
        observer.uploading(attempt, uploads, deadline)
        artifacts = self._stored(uploads, deadline) if uploads else []
        record = StorageRecord(attempt=attempt, artifacts=artifacts, traceparent=observer.traceparent)
        references = {artifact.path: artifact.reference.model_dump() for artifact in artifacts}
        try:
            document = self._document(request_id, encoded.json_with(references), record)
        except Exception:
            self._discard(uploads)
            raise
        if deadline.is_cancelled:
            self._discard(uploads)
            raise self._too_late(self._store.url_of(result_key(request_id)), deadline)
        observer.committing(document)
        try:
            winner = self._commit(request_id, document, attempt, deadline)
        except StoreError as error:
            if not error.is_transient:  # otherwise the result may yet appear, and must find its artifacts
                self._discard(uploads)
            raise
        url = self._store.url_of(result_key(request_id))
        observer.decided(url, has_won=winner is None)
        if winner is None:
            reference = ResultReference.to(request_id, record, url)
            return CommittedResult(reference=reference, data=placed(encoded.data, references))
        self._discard(uploads)
        return self._committed(winner, url)

    def standing(self, request_id: str) -> CommittedResult | None:
        """Return the request's result if an attempt has stored one; it is read once.

        Raises InvalidRequestId, CorruptResult, and StoreError, also after a tenth of a write's time.
        """
        request_id = request_folder(request_id)
        url = self._store.url_of(result_key(request_id))
        deadline = Deadline(self._backoff.budget * _LOOK_SHARE, clock=self._backoff.clock)

        def operation() -> StoredResult | None:
            with within(deadline), suppress(ObjectNotFound):
                return OutputReader(self._store).load(request_id)
            return None

        try:
            found = self._threads.call(operation, deadline)
        except DeadlinePassed:
            raise StoreError(url, f"no answer came within {deadline.elapsed:.1f} s") from None
        return None if found is None else self._committed(found, url)

    @staticmethod
    def _committed(result: StoredResult, url: str) -> CommittedResult:
        reference = ResultReference.to(result.request_id, result.truss_outputs, url)
        return CommittedResult(reference=reference, data=result.data)

    def _stored(self, uploads: list[Upload], deadline: Deadline) -> list[StoredArtifact]:
        """Store the artifacts. If one fails, delete the others, unless the bucket cannot be reached."""
        running = Uploads(
            self._store, uploads, threads=self._threads, backoff=self._backoff, deadline=deadline
        )
        try:
            running.run()
        except BaseException as error:
            was_over = deadline.is_over
            deadline.end()
            if deadline.is_cancelled:
                self._discard(uploads, running)
            if isinstance(error, DeadlinePassed):
                raise self._too_late(running.url, deadline) from None
            is_refused = isinstance(error, Exception) and not _may_pass(error)
            if is_refused or (isinstance(error, Exception) and not was_over and running.any_stored):
                self._discard(uploads, running)
            raise
        return [self._artifact(upload) for upload in uploads]

    def _artifact(self, upload: Upload) -> StoredArtifact:
        assert upload.receipt is not None  # noqa: S101  # it is stored
        artifact = upload.pending.artifact
        return StoredArtifact(
            path=upload.pending.path,
            name=upload.pending.name,
            url=self._store.url_of(upload.key),
            content_type=artifact.content_type,
            kind=artifact.kind,
            size=upload.receipt.size,
            checksum=f"sha256:{upload.receipt.sha256}",
        )

    def _commit(
        self, request_id: str, document: bytes, attempt: str, deadline: Deadline
    ) -> StoredResult | None:
        deadline.allow(len(document))
        try:
            return commit(
                self._store,
                request_id,
                document,
                attempt=attempt,
                backoff=self._backoff,
                deadline=deadline,
                threads=self._threads,
                put_seconds=self._ends_in_time.put_seconds(len(document)) if self._ends_in_time else None,
            )
        except DeadlinePassed:
            error = self._too_late(self._store.url_of(result_key(request_id)), deadline)
            raise StoreError(error.url, f"{error.reason}; {UNDECIDED}") from None
        finally:
            deadline.end()

    @staticmethod
    def _too_late(url: str, deadline: Deadline) -> StoreError:
        if deadline.is_cancelled:
            return StoreError(url, f"not stored: cancelled after {deadline.elapsed:.1f} s")
        answer = deadline.last_answer or "none came"
        return StoreError(url, f"not stored within {deadline.elapsed:.1f} s; the last answer: {answer}")

    def _discard(self, uploads: list[Upload], running: Uploads | None = None) -> None:
        """Delete artifacts that no result names. A failure is only logged: the write's outcome stands."""
        deadline = Deadline(DISCARD_SECONDS, clock=self._backoff.clock)
        if running is not None:
            running.settle(deadline)
        keys = [upload.key for upload in uploads if upload.is_tried]
        discard(self._store, keys, threads=self._threads, deadline=deadline)

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


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, StoreError) and error.is_transient
