"""A store in a container of Azure Blob Storage, through Azure's own SDK."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from truss_outputs.errors import ObjectNotFound
from truss_outputs.keys import check_key, is_key
from truss_outputs.store import Body, ObjectEntry, ObjectInfo, PutReceipt
from truss_outputs.stores.azure import errors as azure_errors
from truss_outputs.stores.azure.account import Account
from truss_outputs.stores.bucket_urls import BucketUrls
from truss_outputs.stores.presigning import length_problem
from truss_outputs.stores.sdk_errors.boundary import Boundary, retried
from truss_outputs.stores.transfer import PART, Passing, Retry, in_parts, upload_parts, whole_if_small

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobProperties, ContainerClient

_NONE: Mapping[str, str] = MappingProxyType({})
_LARGEST_PUT = 64 * 1024 * 1024  # the SDK's own limit for one request
_MOST_BLOCKS = 50_000  # learn.microsoft.com/rest/api/storageservices/put-block-list


class AzureStore(BucketUrls):
    """A `Store` in a container, below an optional prefix. `client.connect` makes its client.

    The server checks the MD5 of every request that carries bytes. `head` returns no SHA-256.
    """

    def __init__(
        self,
        *,
        container: str,
        prefix: str = "",
        client: "ContainerClient",
        account: Account,
        tier: str | None = None,
        metadata: Mapping[str, str] = _NONE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.client = client
        self._account = account
        self._now = now
        super().__init__("az", container, prefix)
        self._tier = tier
        self._metadata = metadata

    def put(self, key: str, body: Body, *, content_type: str, create: bool = False) -> PutReceipt:
        """Store `body` under `key`; see `Store.put`.

        Bytes and small bodies take one request; all others go up in blocks. The blocks of a failed upload are
        never visible, and Azure drops them after a week.
        """
        check_key(key)
        size = _block_size(body)
        passing = Passing(body, chunk=size)
        whole, chunks = whole_if_small(passing, _LARGEST_PUT if isinstance(body, bytes) else size)
        blob = self.blob(key)
        options = self._options(content_type)
        with self._errors(key, "put", passing):
            if whole is not None:
                blob.upload_blob(
                    whole, length=len(whole), overwrite=not create, validate_content=True, **options
                )
            else:
                if create:
                    options["match_condition"] = _if_missing()
                _upload_blocks(
                    blob, in_parts(chunks, size), options, retried(lambda: self._errors(key, "put"))
                )
        return passing.receipt

    def get(self, key: str) -> bytes:
        """The object's bytes, checked against the MD5 that Azure sends; see `Store.get`."""
        check_key(key)
        with self._errors(key, "get"):
            found: bytes = self.blob(key).download_blob(validate_content=True).readall()
        return found

    def open(self, key: str) -> Iterator[bytes]:
        """The object's bytes, chunk by chunk; see `Store.open`."""
        check_key(key)
        with self._errors(key, "open"):
            chunks = self.blob(key).download_blob().chunks()
        return self._chunks(key, chunks)

    def head(self, key: str) -> ObjectInfo:
        """The object without its bytes; see `Store.head`."""
        check_key(key)
        with self._errors(key, "head"):
            found = self.blob(key).get_blob_properties()
            return ObjectInfo(
                key=key,
                size=int(found.size),
                modified=_time_of(found),
                content_type=found.content_settings.content_type or "application/octet-stream",
                sha256=None,
            )

    def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
        """The objects whose key begins with `prefix`; see `Store.list`."""
        with self._errors(prefix, "list"):
            for found in self.client.list_blobs(name_starts_with=self._prefix + prefix):
                key = str(found.name).removeprefix(self._prefix)
                if is_key(key):  # a "folder" that a console made is no object
                    yield ObjectEntry(key=key, size=int(found.size), modified=_time_of(found))

    def delete(self, key: str) -> None:
        """Remove the object; see `Store.delete`."""
        check_key(key)
        with suppress(ObjectNotFound), self._errors(key, "delete"):
            self.blob(key).delete_blob()

    def presign_problem(self, seconds: int) -> str | None:
        """Why no url can be signed for `seconds`; see `Presigner`."""
        if self._account.key is None:
            return "only an account's key signs urls: set account_key_secret or connection_string_secret"
        return length_problem(seconds)

    def presign(self, key: str, seconds: int) -> str:
        """A url by which anybody may read the object; see `Presigner`."""
        check_key(key)
        if problem := self.presign_problem(seconds):
            raise ValueError(problem)
        from azure.storage.blob import BlobSasPermissions, generate_blob_sas

        account = self._account
        token = generate_blob_sas(
            account.name,
            self.client.container_name,
            self._prefix + key,
            account_key=account.key.get_secret_value() if account.key else None,
            permission=BlobSasPermissions(read=True),
            expiry=self._now() + timedelta(seconds=seconds),
            protocol="https,http" if account.is_plain else "https",
        )
        return f"{self.blob(key).url.partition('?')[0]}?{token}"

    def blob(self, key: str) -> "BlobClient":
        """Return the SDK's own client of the object at `key`."""
        return self.client.get_blob_client(self._prefix + key)

    def _options(self, content_type: str) -> dict[str, Any]:
        from azure.storage.blob import ContentSettings, StandardBlobTier

        return {
            "content_settings": ContentSettings(content_type=content_type),
            "metadata": dict(self._metadata) or None,
            "standard_blob_tier": StandardBlobTier(self._tier) if self._tier else None,
        }

    def _chunks(self, key: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        with self._errors(key, "open"):
            yield from chunks

    def _errors(self, key: str, operation: str, passing: Passing | None = None) -> Boundary:
        return Boundary(self, operation, key, azure_errors.translation_of(operation), passing)


def _time_of(found: "BlobProperties") -> datetime:
    """When it was written. Raises ValueError where an answer does not say."""
    if found.last_modified is None:
        raise ValueError("a blob without a time")
    return found.last_modified


def _upload_blocks(blob: "BlobClient", parts: Iterable[bytes], options: dict[str, Any], retry: Retry) -> None:
    """Upload `parts` as blocks. Nothing is visible until the last call, which lists the blob's blocks.

    `retry` calls each request, as a part of a stream that has passed cannot be read again.
    The blocks' names are unique to this upload, so two uploads of one key never mix.
    """
    from azure.storage.blob import BlobBlock

    upload = uuid.uuid4().hex

    def put(number: int, part: bytes) -> BlobBlock:
        block = f"{upload}-{number:05}"
        retry(lambda: blob.stage_block(block, part, length=len(part), validate_content=True))
        return BlobBlock(block)

    blocks = upload_parts(put, parts, name="azure-block")
    retry(lambda: blob.commit_block_list(blocks, **options))


def _if_missing() -> Any:
    from azure.core import MatchConditions

    return MatchConditions.IfMissing


def _block_size(body: Body) -> int:
    """The size in bytes of each block of `body`. A stream of unknown length can have up to 390 GiB."""
    size = body.stat().st_size if not isinstance(body, Iterable) else 0
    return max(PART, -(-size // _MOST_BLOCKS))
