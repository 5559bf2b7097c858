"""A store in an S3 bucket, or in one that speaks S3."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from truss_outputs.keys import check_key, is_key
from truss_outputs.store import Body, ObjectEntry, ObjectInfo, PutReceipt, UnfinishedEntry
from truss_outputs.stores.bucket_urls import BucketUrls
from truss_outputs.stores.presigning import length_problem
from truss_outputs.stores.s3 import errors as s3_errors
from truss_outputs.stores.s3 import multipart as s3_multipart
from truss_outputs.stores.sdk_errors.boundary import Boundary, retried
from truss_outputs.stores.transfer import CHUNK, Passing, in_buffers, part_size, whole_if_small

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_NONE: Mapping[str, Any] = MappingProxyType({})
_LARGEST_PUT = 5 * 1024**3  # docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html


class S3Store(BucketUrls):
    """A `Store` in a bucket, below an optional prefix. `client.connect` makes a client for all threads.

    `attributes` are further arguments of the SDK's `put_object` and `create_multipart_upload`. An error that
    no key was found names the `unset_secrets`.
    """

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str = "",
        client: "S3Client",
        attributes: Mapping[str, Any] = _NONE,
        unset_secrets: Sequence[str] = (),
    ) -> None:
        super().__init__("s3", bucket, prefix)
        self._bucket = bucket
        self.client = client
        self._attributes = attributes
        self._translated = partial(s3_errors.translated, unset_secrets=unset_secrets)

    def put(self, key: str, body: Body, *, content_type: str, create: bool = False) -> PutReceipt:
        """Store `body` under `key`; see `Store.put`.

        Bytes and small bodies take one PUT, and the server checks its SHA-256; all others go up in parts, and
        it checks the CRC-32 of each.
        """
        check_key(key)
        size = part_size(body)
        passing = Passing(body)  # in chunks that stay in a processor's cache while they are hashed
        whole, chunks = whole_if_small(passing, _LARGEST_PUT if isinstance(body, bytes) else size)
        target: Any = {"Bucket": self._bucket, "Key": self._prefix + key}
        attributes: Any = {**self._attributes, "ContentType": content_type}
        precondition: Any = {"IfNoneMatch": "*"} if create else {}
        with self._errors(key, "put", passing):
            if whole is not None:
                digest = base64.b64encode(bytes.fromhex(passing.receipt.sha256)).decode()
                self.client.put_object(
                    **target, **attributes, **precondition, Body=whole, ChecksumSHA256=digest
                )
            else:
                s3_multipart.upload(
                    self.client,
                    in_buffers(chunks, size),
                    target=target,
                    attributes=attributes,
                    precondition=precondition,
                    retry=retried(lambda: self._errors(key, "put")),
                )
        return passing.receipt

    def get(self, key: str) -> bytes:
        """The object's bytes; see `Store.get`."""
        check_key(key)
        with self._errors(key, "get"):
            return self.client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"].read()

    def open(self, key: str) -> Iterator[bytes]:
        """The object's bytes, chunk by chunk; see `Store.open`."""
        chunks = self._chunks(key)
        next(chunks)  # sends the request; the connection is given back even if the iterator is dropped
        return chunks

    def head(self, key: str) -> ObjectInfo:
        """The object without its bytes; see `Store.head`."""
        check_key(key)
        with self._errors(key, "head"):
            found = self.client.head_object(
                Bucket=self._bucket, Key=self._prefix + key, ChecksumMode="ENABLED"
            )
            checksum = found.get("ChecksumSHA256", "")
            is_whole = checksum and "-" not in found["ETag"]  # an upload in parts has a checksum of checksums
            return ObjectInfo(
                key=key,
                size=found["ContentLength"],
                modified=found["LastModified"],
                content_type=found["ContentType"],
                sha256=base64.b64decode(checksum).hex() if is_whole else None,
            )

    def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
        """The objects whose key begins with `prefix`; see `Store.list`."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        with self._errors(prefix, "list"):
            for page in pages:
                for found in page.get("Contents", []):
                    key = found["Key"].removeprefix(self._prefix)
                    if is_key(key):  # a "folder" that a console made is no object
                        yield ObjectEntry(key=key, size=found["Size"], modified=found["LastModified"])

    def delete(self, key: str) -> None:
        """Remove the object; see `Store.delete`."""
        check_key(key)
        with self._errors(key, "delete"):
            self.client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def unfinished(self) -> Iterator[UnfinishedEntry]:
        """The multipart uploads below the prefix that are still open; see `KeepsUnfinished`."""
        with self._errors("", "list uploads"):
            yield from s3_multipart.open_uploads(self.client, self._bucket, self._prefix)

    def delete_unfinished(self, entry: UnfinishedEntry) -> None:
        """Abort such an upload; see `KeepsUnfinished`."""
        check_key(entry.key)
        with self._errors(entry.key, "abort an upload"), suppress(self.client.exceptions.NoSuchUpload):
            self.client.abort_multipart_upload(
                Bucket=self._bucket, Key=self._prefix + entry.key, UploadId=entry.upload_id
            )

    def presign_problem(self, seconds: int) -> str | None:
        """Why no url can be signed for `seconds`; see `Presigner`."""
        return length_problem(seconds)

    def presign(self, key: str, seconds: int) -> str:
        """A url by which anybody may read the object; see `Presigner`."""
        check_key(key)
        if problem := self.presign_problem(seconds):
            raise ValueError(problem)
        params = {"Bucket": self._bucket, "Key": self._prefix + key}
        with self._errors(key, "presign"):
            return self.client.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds)

    def _chunks(self, key: str) -> Iterator[bytes]:
        check_key(key)
        with self._errors(key, "open"):
            answer = self.client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            with closing(answer["Body"]) as body:
                yield b""
                yield from body.iter_chunks(CHUNK)

    def _errors(self, key: str, operation: str, passing: Passing | None = None) -> Boundary:
        return Boundary(self, operation, key, self._translated, passing)
