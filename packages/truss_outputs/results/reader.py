"""Stored results, read on the caller's side: the document, its artifacts, and the output they were made from.

The reader trusts its own store and the request id it was given. It never follows a url in a stored document.
"""

import copy
import hashlib
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

import truss_outputs.values.types  # noqa: F401  # registers how each type is restored
from truss_outputs.errors import CorruptResult, InvalidKey
from truss_outputs.keys import artifact_key, request_folder, result_key
from truss_outputs.results.document import ArtifactReference, StoredArtifact, StoredResult
from truss_outputs.store import Store
from truss_outputs.values.artifact import Artifact
from truss_outputs.values.encode import placed
from truss_outputs.values.restore import restorer_of


class OutputReader:
    """Reads what an `OutputWriter` wrote to the same store. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def url(self, request_id: str) -> str:
        """Return the url where the result is, or will be."""
        return self._store.url_of(result_key(request_id))

    def load(self, request_id: str) -> StoredResult:
        """Read a request's result. Raises ObjectNotFound if there is none, CorruptResult if unreadable."""
        return self.parse(self.document(request_id), request_id)

    def document(self, request_id: str) -> bytes:
        """Read the bytes of `result.json`, with its signature if it has one. Raises ObjectNotFound."""
        return self._store.get(result_key(request_id))

    def parse(self, document: bytes, request_id: str) -> StoredResult:
        """Parse a document as the result of this request. Raises CorruptResult."""
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

    def read(self, result: StoredResult, artifact: ArtifactReference) -> bytes:
        """Read one of the result's artifacts. Raises CorruptResult if the bytes are not those stored."""
        return b"".join(self.stream(result, artifact))

    def stream(self, result: StoredResult, artifact: ArtifactReference) -> Iterator[bytes]:
        """Read an artifact chunk by chunk, with no more than one chunk in memory.

        Raises CorruptResult: at once if the artifact's name is invalid, and in place of the last chunk or
        earlier if the bytes are not those stored. Chunks can be trusted only once the iterator has ended.
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
        """Return the output as the model returned it, each reference replaced by the value that was stored.

        A stream or a file becomes bytes or text. An `Artifact`, and any kind that nothing here restores,
        becomes an `Artifact`. Raises ImportError where a library that a value needs is not installed.
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
            kind = "bytes"  # the first results recorded no kind
        restore = restorer_of(kind) if kind is not None else None
        if restore is None:
            return Artifact(data, artifact.content_type, name=artifact.name)
        try:
            return restore(data)
        except ImportError:
            raise
        except Exception as error:  # from the library that reads the content
            problem = f"{artifact.name} cannot be read as {kind!r}: {type(error).__name__}"
            raise CorruptResult(self.url(result.request_id), problem) from error
