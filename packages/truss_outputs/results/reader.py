"""What the caller's side does with results: wait for one, load it, turn its references into values again.

The reader trusts its own store and the request id it was given. A url in a stored document leads it nowhere.
"""

import copy
import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from truss_outputs.errors import CorruptResult, InvalidKey, ObjectNotFound, ResultNotReady, StoreError
from truss_outputs.keys import artifact_key, request_folder, result_key
from truss_outputs.results.document import ArtifactReference, StoredArtifact, StoredResult
from truss_outputs.store import Store
from truss_outputs.values.artifact import Artifact
from truss_outputs.values.encode import placed
from truss_outputs.values.restore import RESTORERS


class OutputReader:
    """Reads what an `OutputWriter` wrote to the same store. Safe to share between threads."""

    def __init__(
        self,
        store: Store,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._sleep = sleep
        self._clock = clock

    def url(self, request_id: str) -> str:
        """Where the result is, or will be."""
        return self._store.url_of(result_key(request_id))

    def load(self, request_id: str) -> StoredResult:
        """The request's result. Raises ObjectNotFound if there is none, CorruptResult if it is not one."""
        return self.parse(self.document(request_id), request_id)

    def document(self, request_id: str) -> bytes:
        """The bytes of `result.json`, with its signature if it has one. Raises ObjectNotFound."""
        return self._store.get(result_key(request_id))

    def parse(self, document: bytes, request_id: str) -> StoredResult:
        """The request's result, from the bytes of its document. Raises CorruptResult."""
        url = self.url(request_id)
        try:
            result = StoredResult.model_validate_json(document)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            problem = f"no result of format 1: {place or 'document'}: {first['msg']}"
            raise CorruptResult(url, problem) from error
        if result.request_id != request_folder(request_id):
            raise CorruptResult(url, f"it is the result of another request, {result.request_id!r}")
        return result

    def wait(self, request_id: str, *, timeout: float, interval: float = 0.5) -> StoredResult:
        """The request's result as soon as there is one, looked for every `interval` seconds.

        A store that cannot be reached for a while is waited for too. Raises ResultNotReady after `timeout`
        seconds, at least one look having been taken.
        """
        deadline = self._clock() + timeout
        while True:
            try:
                return self.load(request_id)
            except StoreError as error:
                if not (error.is_transient or isinstance(error, ObjectNotFound)):
                    raise
                remaining = deadline - self._clock()
                if remaining <= 0:
                    raise ResultNotReady(self.url(request_id), timeout) from error
            self._sleep(min(interval, remaining))

    def read(self, result: StoredResult, artifact: ArtifactReference) -> bytes:
        """The bytes of one of the result's artifacts. Raises CorruptResult if they are not those stored."""
        return b"".join(self.stream(result, artifact))

    def stream(self, result: StoredResult, artifact: ArtifactReference) -> Iterator[bytes]:
        """The bytes of an artifact, chunk by chunk, of which no more than one is held.

        Raises CorruptResult: at once if the artifact's name is none, and at the latest in place of the end if
        the bytes are not those stored. What came before is to be used only when the end has come.
        """
        try:
            key = artifact_key(result.request_id, result.truss_outputs.attempt, artifact.name)
        except InvalidKey as error:
            raise CorruptResult(self.url(result.request_id), str(error)) from error
        return self._checked(key, artifact)

    def _checked(self, key: str, artifact: ArtifactReference) -> Iterator[bytes]:
        url = self._store.url_of(key)
        digest, size = hashlib.sha256(), 0
        for chunk in self._store.open(key):
            size += len(chunk)
            if size > artifact.size:
                raise CorruptResult(url, f"more bytes than the {artifact.size} that the result says")
            digest.update(chunk)
            yield chunk
        if size != artifact.size:
            raise CorruptResult(url, f"{size} bytes, where the result says {artifact.size}")
        checksum = f"sha256:{digest.hexdigest()}"
        if checksum != artifact.checksum:
            raise CorruptResult(url, f"{checksum}, where the result says {artifact.checksum}")

    def value(self, result: StoredResult) -> Any:
        """The output as the model returned it: in place of each reference the value that was stored.

        What was a stream or a file is bytes, or text. An `Artifact` is one again, and so is a kind this
        reader does not know. Raises ImportError where the library a value is from is not installed here.
        """
        artifacts = result.truss_outputs.artifacts
        values = {artifact.path: self._value_of(result, artifact) for artifact in artifacts}
        try:
            return placed(copy.deepcopy(result.data), values)
        except (LookupError, TypeError) as error:
            raise CorruptResult(self.url(result.request_id), "an artifact's path leads nowhere") from error

    def _value_of(self, result: StoredResult, artifact: StoredArtifact) -> Any:
        data = self.read(result, artifact)
        kind = artifact.kind
        if kind is None and artifact.content_type == "application/octet-stream":
            kind = "bytes"  # as the first results were read
        restore = RESTORERS.get(kind or "")
        if restore is None:
            return Artifact(data, artifact.content_type, name=artifact.name)
        try:
            return restore(data)
        except ImportError:
            raise
        except Exception as error:  # of the library that reads it
            problem = f"{artifact.name} cannot be read as {kind!r}: {type(error).__name__}"
            raise CorruptResult(self.url(result.request_id), problem) from error
