"""A store in a bucket, reached through obstore: many times faster than the SDKs, and light to import."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, cast

from truss_outputs.errors import ObjectNotFound, StoreError
from truss_outputs.keys import check_key, is_key
from truss_outputs.store import Body, ObjectEntry, ObjectInfo, PutReceipt
from truss_outputs.stores.bucket_urls import BucketUrls
from truss_outputs.stores.obstore import errors as obstore_errors
from truss_outputs.stores.obstore.connection import Connection
from truss_outputs.stores.presigning import length_problem
from truss_outputs.stores.sdk_errors.boundary import Boundary
from truss_outputs.stores.transfer import CHUNK, PART, Passing, part_size, whole_if_small

if TYPE_CHECKING:
    from obstore import Attributes, SignCapableStore

_IN_FLIGHT = 5  # parts of one upload: with the one being read, 48 MiB
_LARGEST_CREATE = 64 * 1024 * 1024


class ObstoreStore(BucketUrls):
    """A `Store` in a bucket of S3 or GCS, or a container of Azure, below an optional prefix.

    `head` returns no SHA-256. A create is one request, because obstore (0.12) completes no upload in parts
    under a condition: its body is held whole, and a stream or file may have 64 MiB. Results are created, and
    they are small; artifacts are put.
    """

    def __init__(self, *, scheme: str, bucket: str, prefix: str = "", connection: Connection) -> None:
        super().__init__(scheme, bucket, prefix)
        self._connection = connection

    def put(self, key: str, body: Body, *, content_type: str, create: bool = False) -> PutReceipt:
        """Store `body` under `key`; see `Store.put`.

        S3 checks the SHA-256 of a body sent whole, and the CRC-64/NVME of each part of a longer one. For GCS
        and Azure obstore (0.12) sends no checksum, and shows none of theirs: there TLS guards the bytes
        in transit, and the reader checks them.
        """
        import obstore

        check_key(key)
        limit = _LARGEST_CREATE if create else PART
        if create and isinstance(body, bytes):  # in memory already
            limit = len(body)
        size = part_size(body)
        passing = Passing(body)
        whole, chunks = whole_if_small(passing, limit)
        if whole is None and create:
            problem = f"the obstore engine creates no stream or file of more than {limit} bytes"
            raise StoreError(self.url_of(key), f"{problem}: set `engine: sdk`", is_transient=False)
        connection = self._connection
        attributes = cast("Attributes", {**connection.attributes, "Content-Type": content_type})
        tags = dict(connection.tags) or None
        with self._errors(key, "put", passing):
            if whole is None:
                obstore.put(
                    connection.clients.patient,
                    self._prefix + key,
                    chunks,
                    attributes=attributes,
                    tags=tags,
                    chunk_size=size,
                    max_concurrency=_IN_FLIGHT,
                )
            else:
                obstore.put(
                    connection.clients.for_body(len(whole)),
                    self._prefix + key,
                    whole,
                    attributes=attributes,
                    tags=tags,
                    mode="create" if create else "overwrite",
                    use_multipart=False,
                )
        return passing.receipt

    def put_seconds(self, size: int) -> float | None:
        """The time limit of such a request and its second try, if no credentials are fetched for it."""
        if size > PART or not self._connection.has_fixed_credentials:
            return None
        return self._connection.clients.put_seconds(size)

    def get(self, key: str) -> bytes:
        """The object's bytes; see `Store.get`."""
        import obstore

        check_key(key)
        with self._errors(key, "get"):
            return bytes(obstore.get(self._connection.clients.quick, self._prefix + key).bytes())

    def open(self, key: str) -> Iterator[bytes]:
        """The object's bytes, chunk by chunk; see `Store.open`."""
        import obstore

        check_key(key)
        with self._errors(key, "open"):
            found = obstore.get(self._connection.clients.patient, self._prefix + key)
            chunks = iter(found.stream(min_chunk_size=CHUNK))
        return self._chunks(key, chunks)

    def head(self, key: str) -> ObjectInfo:
        """The object without its bytes; see `Store.head`."""
        import obstore

        check_key(key)
        with self._errors(key, "head"):
            found = obstore.get(self._connection.clients.quick, self._prefix + key, options={"head": True})
            return ObjectInfo(
                key=key,
                size=found.meta["size"],
                modified=found.meta["last_modified"],
                content_type=found.attributes.get("Content-Type", "application/octet-stream"),
                sha256=None,
            )

    def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
        """The objects whose key begins with `prefix`; see `Store.list`."""
        import obstore

        start = self._prefix + prefix
        folder = start.rpartition("/")[0]  # obstore lists whole folders
        with self._errors(prefix, "list"):
            for page in obstore.list(self._connection.clients.quick, folder or None, chunk_size=1000):
                for found in page:
                    key = found["path"].removeprefix(self._prefix)
                    if found["path"].startswith(start) and is_key(key):
                        yield ObjectEntry(key=key, size=found["size"], modified=found["last_modified"])

    def delete(self, key: str) -> None:
        """Remove the object; see `Store.delete`."""
        import obstore

        check_key(key)
        try:
            with self._errors(key, "delete"):
                obstore.delete(self._connection.clients.quick, self._prefix + key)
        except ObjectNotFound:
            pass

    def presign_problem(self, seconds: int) -> str | None:
        """Why no url can be signed for `seconds`; see `Presigner`."""
        return self._connection.cannot_sign(self._prefix) or length_problem(seconds)

    def presign(self, key: str, seconds: int) -> str:
        """A url by which anybody may read the object; see `Presigner`."""
        check_key(key)
        if problem := self.presign_problem(seconds) or self._connection.cannot_sign(key):
            raise ValueError(problem)
        import obstore

        signer = cast("SignCapableStore", self._connection.clients.quick)
        with self._errors(key, "presign"):
            return obstore.sign(signer, "GET", self._prefix + key, timedelta(seconds=seconds))

    def _chunks(self, key: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        with self._errors(key, "open"):
            yield from chunks

    def _errors(self, key: str, operation: str, passing: Passing | None = None) -> Boundary:
        return Boundary(self, operation, key, partial(self._translated, operation), passing)

    def _translated(self, operation: str, error: Exception, url: str) -> StoreError | None:
        connection = self._connection
        asked = obstore_errors.Operation(
            url=url,
            action=connection.actions.get(operation, connection.actions["get"]),
            answer=connection.answer,
        )
        no_credentials = getattr(connection.credentials, "failure", None)
        return obstore_errors.translated(error, asked, no_credentials)
