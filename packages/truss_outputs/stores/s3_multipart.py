"""A body too large for one PUT, or of unknown length, into an S3 bucket part by part.

Nothing is visible until the last call completes the upload. Whatever fails before, the bucket is asked to
throw the parts away; a lifecycle rule (AbortIncompleteMultipartUpload) clears up after a killed process.
"""

import base64
import hashlib
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

_IN_FLIGHT = 4  # parts of one upload: with the one being read, 40 MiB


def upload(
    client: "S3Client",
    parts: Iterable[bytes],
    *,
    target: dict[str, Any],
    attributes: dict[str, Any],
    precondition: dict[str, Any],
) -> None:
    """Upload `parts` as the object `target`. The server checks the SHA-256 of each part.

    Raises what `parts` raises and what the SDK raises. Then nothing was stored, except where the answer to
    the last call was lost.
    """
    started = client.create_multipart_upload(**target, **attributes, ChecksumAlgorithm="SHA256")
    target = {**target, "UploadId": started["UploadId"]}
    try:
        completed = _upload_parts(client, parts, target)
        client.complete_multipart_upload(**target, **precondition, MultipartUpload={"Parts": completed})
    except BaseException:
        with suppress(Exception):  # the upload's own error counts
            client.abort_multipart_upload(**target)
        raise


def _upload_parts(
    client: "S3Client", parts: Iterable[bytes], target: dict[str, Any]
) -> "list[CompletedPartTypeDef]":
    def put(number: int, part: bytes) -> "CompletedPartTypeDef":
        checksum = base64.b64encode(hashlib.sha256(part).digest()).decode()
        answer = client.upload_part(**target, PartNumber=number, Body=part, ChecksumSHA256=checksum)
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}

    completed: list[CompletedPartTypeDef] = []
    in_flight: deque[Future[CompletedPartTypeDef]] = deque()
    threads = ThreadPoolExecutor(_IN_FLIGHT, thread_name_prefix="s3-part")
    try:
        for number, part in enumerate(parts, start=1):
            if len(in_flight) == _IN_FLIGHT:
                completed.append(in_flight.popleft().result())
            in_flight.append(threads.submit(put, number, part))
        completed.extend(future.result() for future in in_flight)
    finally:
        threads.shutdown(cancel_futures=True)  # no part may arrive after the upload is thrown away
    return completed
