"""A store in an S3 bucket, or in one that speaks S3."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from truss_outputs.keys import check_key, is_key
from truss_outputs.store import Body, ObjectEntry, ObjectInfo, PutReceipt
from truss_outputs.stores import s3_errors

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


class S3Store:
    """A `Store` in a bucket, below an optional prefix. `s3_client.connect` makes a client for all threads."""

    def __init__(self, *, bucket: str, prefix: str = "", client: "S3Client") -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = client

    @property
    def url(self) -> str:
        """The url that names this store."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def url_of(self, key: str) -> str:
        """The url of an object here, whether it exists or not."""
        return f"s3://{self._bucket}/{self._prefix}{key}"

    def put(self, key: str, body: Body, *, content_type: str, create: bool = False) -> PutReceipt:
        """Store `body` under `key`; see `Store.put`. The server checks the SHA-256 and keeps it."""
        check_key(key)
        digest = hashlib.sha256(body)
        precondition: Any = {"IfNoneMatch": "*"} if create else {}
        with self._errors(key):
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + key,
                Body=body,
                ContentType=content_type,
                ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
                **precondition,
            )
        return PutReceipt(size=len(body), sha256=digest.hexdigest())

    def get(self, key: str) -> bytes:
        """The object's bytes; see `Store.get`."""
        check_key(key)
        with self._errors(key):
            return self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"].read()

    def head(self, key: str) -> ObjectInfo:
        """What is known of the object; see `Store.head`."""
        check_key(key)
        with self._errors(key):
            found = self._client.head_object(
                Bucket=self._bucket, Key=self._prefix + key, ChecksumMode="ENABLED"
            )
        checksum = found.get("ChecksumSHA256", "")
        is_whole = checksum and "-" not in checksum  # of parts uploaded apart it is no hash of the bytes
        return ObjectInfo(
            key=key,
            size=found["ContentLength"],
            modified=found["LastModified"],
            content_type=found["ContentType"],
            sha256=base64.b64decode(checksum).hex() if is_whole else None,
        )

    def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
        """The objects whose key begins with `prefix`; see `Store.list`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        with self._errors(prefix):
            for page in pages:
                for found in page.get("Contents", []):
                    key = found["Key"].removeprefix(self._prefix)
                    if is_key(key):  # a console's "folder" is none
                        yield ObjectEntry(key=key, size=found["Size"], modified=found["LastModified"])

    def delete(self, key: str) -> None:
        """Remove the object; see `Store.delete`."""
        check_key(key)
        with self._errors(key):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        # Imported here, so that who stores elsewhere never pays for the SDK.
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            raise s3_errors.refusal(error, self.url_of(key)) from error
        except BotoCoreError as error:
            raise s3_errors.failure(error, self.url_of(key)) from error
