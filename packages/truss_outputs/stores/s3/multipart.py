"""The upload in parts of a body that is too large for one PUT, or of unknown length.

Nothing is visible until the last call completes the upload. A failure before it aborts the upload;
after a killed process `truss-async gc` does, or a lifecycle rule (AbortIncompleteMultipartUpload).
"""

import base64
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from truss_outputs.store import UnfinishedEntry
from truss_outputs.stores.transfer import Retry, upload_parts

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, PartTypeDef


def upload(
    client: "S3Client",
    parts: Iterable[bytes | bytearray],
    *,
    target: dict[str, Any],
    attributes: dict[str, Any],
    precondition: dict[str, Any],
    retry: Retry = lambda operation: operation(),
) -> None:
    """Upload `parts` as the object `target`. The server checks the CRC-32 of each part.

    A SHA-256 of each would take as long again as that of the whole, which stands in the result.

    `retry` calls each request, as a part of a stream that has passed cannot be read again.

    Raises what `parts` raises and what the SDK raises. Then nothing was stored, except where the answer to
    the last call was lost.
    """
    started = retry(lambda: client.create_multipart_upload(**target, **attributes, ChecksumAlgorithm="CRC32"))
    place, target = target, {**target, "UploadId": started["UploadId"]}
    try:
        completed = _upload_parts(client, parts, target, retry)

        def complete() -> None:
            try:
                client.complete_multipart_upload(
                    **target, **precondition, MultipartUpload={"Parts": completed}
                )
            except client.exceptions.NoSuchUpload:
                if not _is_there(client, place, completed):
                    raise

        retry(complete)
    except BaseException:
        with suppress(Exception):  # the upload's own error is the one to report
            client.abort_multipart_upload(**target)
        raise


def open_uploads(client: "S3Client", bucket: str, prefix: str) -> Iterator[UnfinishedEntry]:
    """The uploads below `prefix` that nobody completed or aborted. Their keys are without the prefix.

    A server that knows no such list has none of them.
    """
    pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
    try:
        for page in pages:
            for upload in page.get("Uploads", []):
                place: dict[str, Any] = {
                    "Bucket": bucket,
                    "Key": upload["Key"],
                    "UploadId": upload["UploadId"],
                }
                parts = _parts_of(client, place)
                yield UnfinishedEntry(
                    key=upload["Key"].removeprefix(prefix),
                    size=sum(part["Size"] for part in parts),
                    modified=max([upload["Initiated"], *(part["LastModified"] for part in parts)]),
                    upload_id=upload["UploadId"],
                )
    except client.exceptions.ClientError as error:
        if error.response.get("Error", {}).get("Code") not in ("NotImplemented", "MethodNotAllowed"):
            raise


def _parts_of(client: "S3Client", place: dict[str, Any]) -> "list[PartTypeDef]":
    pages = client.get_paginator("list_parts").paginate(**place)
    try:
        return [part for page in pages for part in page.get("Parts", [])]
    except client.exceptions.NoSuchUpload:  # it ended meanwhile
        return []


def _is_there(client: "S3Client", place: dict[str, Any], parts: "list[CompletedPartTypeDef]") -> bool:
    """Whether the object consists of these parts.

    Where the answer to the last call is lost, its retry finds no upload: the first try completed it.
    """
    try:
        found = client.head_object(**place, ChecksumMode="ENABLED")
    except client.exceptions.ClientError:
        return False
    checksums = b"".join(base64.b64decode(part["ChecksumCRC32"]) for part in parts)
    return found.get("ChecksumCRC32", "").partition("-")[0] == _crc32(checksums)


def _crc32(body: bytes | bytearray) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def _upload_parts(
    client: "S3Client", parts: Iterable[bytes | bytearray], target: dict[str, Any], retry: Retry
) -> "list[CompletedPartTypeDef]":
    def put(number: int, part: bytes | bytearray) -> "CompletedPartTypeDef":
        checksum = _crc32(part)
        body: Any = part  # the SDK takes a bytearray too, unlike the types that are published for it
        answer = retry(
            lambda: client.upload_part(**target, PartNumber=number, Body=body, ChecksumCRC32=checksum)
        )
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumCRC32": checksum}

    return upload_parts(put, parts, name="s3-part")  # none arrives after an abort
