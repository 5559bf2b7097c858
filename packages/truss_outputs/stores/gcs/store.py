"""A store in a bucket of Google Cloud Storage, through Google's own SDK."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from truss_outputs.deadline import MIN_RATE, current_deadline
from truss_outputs.errors import ObjectNotFound, StoreError
from truss_outputs.keys import check_key, is_key
from truss_outputs.store import Body, ObjectEntry, ObjectInfo, PutReceipt
from truss_outputs.stores.bucket_urls import BucketUrls
from truss_outputs.stores.gcs import errors as gcs_errors
from truss_outputs.stores.gcs.client import retry
from truss_outputs.stores.options import ANSWER_SECONDS
from truss_outputs.stores.presigning import length_problem
from truss_outputs.stores.sdk_errors.boundary import Boundary
from truss_outputs.stores.transfer import CHUNK, PART, Passing, in_parts, whole_if_small

if TYPE_CHECKING:
    from google.cloud.storage import Blob, Client

_NONE: Mapping[str, str] = MappingProxyType({})


class GCSStore(BucketUrls):
    """A `Store` in a bucket, below an optional prefix. `client.connect` makes a client for all threads.

    The SDK sends a CRC32C with every upload, and compares that of every download.
    """

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str = "",
        client: "Client",
        kms_key_name: str | None = None,
        storage_class: str | None = None,
        metadata: Mapping[str, str] = _NONE,
        answer_timeout: float = ANSWER_SECONDS,
    ) -> None:
        self._bucket = client.bucket(bucket)
        super().__init__("gs", bucket, prefix)
        self._kms_key_name = kms_key_name
        self._storage_class = storage_class
        self._metadata = metadata
        self._timeout = answer_timeout

    def put(self, key: str, body: Body, *, content_type: str, create: bool = False) -> PutReceipt:
        """Store `body` under `key`; see `Store.put`. Bytes and small bodies take one request."""
        check_key(key)
        passing = Passing(body)
        whole, chunks = whole_if_small(passing, len(body) if isinstance(body, bytes) else PART)
        blob = self._bucket.blob(self._prefix + key, kms_key_name=self._kms_key_name)
        if self._storage_class:
            blob.storage_class = self._storage_class
        if self._metadata:
            blob.metadata = dict(self._metadata)
        options: Any = {
            "content_type": content_type,
            "if_generation_match": 0 if create else None,
            "checksum": "crc32c",
            "retry": retry(),
            "timeout": self._timeout + (PART if whole is None else len(whole)) / MIN_RATE,
        }
        with self._errors(key, "put", passing):
            if whole is not None:
                if current_deadline():  # the writer's own loop tries again
                    options["retry"] = None
                blob.upload_from_string(whole, **options)
            else:
                _upload(blob, chunks, options)
        return passing.receipt

    def get(self, key: str) -> bytes:
        """The object's bytes; see `Store.get`."""
        with self._errors(key, "get"):
            found: bytes = self.blob(key).download_as_bytes(
                checksum="crc32c", retry=retry(), timeout=self._timeout
            )
        return found

    def open(self, key: str) -> Iterator[bytes]:
        """The object's bytes, chunk by chunk; see `Store.open`.

        They come in ranges, which the SDK does not check. So the CRC32C of all bytes is compared at the end,
        which also detects a replacement meanwhile.
        """
        from google_crc32c import Checksum

        new_checksum: Any = Checksum  # which has no types
        blob = self.blob(key)
        first = self._range(blob, key, 0)
        told = blob.crc32c

        def chunks() -> Iterator[bytes]:
            part, start, checksum = first, 0, new_checksum()
            while part:
                checksum.update(part)
                yield from (part[at : at + CHUNK] for at in range(0, len(part), CHUNK))
                start += len(part)
                part = self._range(blob, key, start) if len(part) == PART else b""
            if told and told != b64encode(checksum.digest()).decode():
                raise StoreError(self.url_of(key), "open: the bytes were damaged, or replaced, on the way")

        return chunks()

    def _range(self, blob: "Blob", key: str, start: int) -> bytes:
        """The next bytes of an object, fewer than PART only at its end."""
        from google.api_core.exceptions import RequestRangeNotSatisfiable

        with self._errors(key, "open"):
            try:
                found: bytes = blob.download_as_bytes(
                    start=start, end=start + PART - 1, checksum=None, retry=retry(), timeout=self._timeout
                )
            except RequestRangeNotSatisfiable:  # it ended where the last range did
                return b""
        if len(found) > PART:
            raise StoreError(self.url_of(key), "open: the server sends other ranges than it was asked for")
        return found

    def head(self, key: str) -> ObjectInfo:
        """The object without its bytes; see `Store.head`."""
        blob = self.blob(key)
        with self._errors(key, "head"):
            blob.reload(retry=retry(), timeout=self._timeout)
            return ObjectInfo(
                key=key,
                size=int(blob.size),
                modified=_time_of(blob),
                content_type=blob.content_type or "application/octet-stream",
                sha256=None,
            )

    def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
        """The objects whose key begins with `prefix`; see `Store.list`."""
        with self._errors(prefix, "list"):
            for blob in self._bucket.list_blobs(
                prefix=self._prefix + prefix, retry=retry(), timeout=self._timeout
            ):
                key = blob.name.removeprefix(self._prefix)
                if is_key(key):  # a "folder" that a console made is no object
                    yield ObjectEntry(key=key, size=int(blob.size), modified=_time_of(blob))

    def delete(self, key: str) -> None:
        """Remove the object; see `Store.delete`."""
        with suppress(ObjectNotFound), self._errors(key, "delete"):
            self.blob(key).delete(retry=retry(), timeout=self._timeout)

    def presign_problem(self, seconds: int) -> str | None:
        """Why no url can be signed for `seconds`; see `Presigner`."""
        from google.auth.credentials import Signing

        if not isinstance(self._bucket.client._credentials, Signing):
            return "these credentials have no key to sign urls with; a service account's JSON key has one"
        return length_problem(seconds)

    def presign(self, key: str, seconds: int) -> str:
        """A url by which anybody may read the object; see `Presigner`."""
        check_key(key)
        if problem := self.presign_problem(seconds):
            raise ValueError(problem)
        with self._errors(key, "presign"):
            signed: str = self.blob(key).generate_signed_url(
                version="v4", expiration=timedelta(seconds=seconds)
            )
        return signed

    def blob(self, key: str) -> "Blob":
        """Return the SDK's own handle of the object at `key`."""
        check_key(key)
        return self._bucket.blob(self._prefix + key)

    def _errors(self, key: str, operation: str, passing: Passing | None = None) -> Boundary:
        return Boundary(self, operation, key, gcs_errors.translation_of(operation), passing)


def _time_of(blob: "Blob") -> datetime:
    """When it was written. Raises ValueError where an answer does not say."""
    if blob.updated is None:
        raise ValueError("an object without a time")
    updated: datetime = blob.updated
    return updated


class _Parts:
    """A stream's parts as the SDK reads them for a resumable upload: each once, in order."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._parts = in_parts(chunks, PART)
        self._position = 0

    def read(self, size: int) -> bytes:
        """The next part. `size` is always PART, the blob's chunk size; only the last part may be smaller."""
        part = next(self._parts, b"")
        self._position += len(part)
        return part

    def tell(self) -> int:
        """How many bytes have been read."""
        return self._position


def _upload(blob: "Blob", chunks: Iterator[bytes], options: dict[str, Any]) -> None:
    """A resumable upload: nothing is visible until its last part, which is sent only once `chunks` has ended.

    An upload that fails is abandoned, and GCS drops it after a week
    (cloud.google.com/storage/docs/resumable-uploads). The SDK's own writer, `blob.open("wb")`, is not used:
    where its request to cancel an upload fails, its finaliser commits what has been sent so far.
    """
    blob.chunk_size = PART
    blob.upload_from_file(_Parts(chunks), **options)
