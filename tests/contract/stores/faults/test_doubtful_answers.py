"""Answers that were lost, or that do not belong together, from real servers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from truss_outputs import S3Store, StoreError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def stream(byte: bytes = b"x") -> Iterator[bytes]:
    yield from [byte * 1_000_000] * 9


def no_upload(client: "S3Client") -> Exception:
    """What S3 says of an upload that was completed or thrown away; moto would complete it again."""
    answer: Any = {"Error": {"Code": "NoSuchUpload"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
    return client.exceptions.NoSuchUpload(answer, "CompleteMultipartUpload")


@pytest.mark.parametrize("create", [False, True])
def test_an_s3_upload_whose_last_answer_was_lost_is_found_stored(
    s3_client: "S3Client", monkeypatch: pytest.MonkeyPatch, create: bool
) -> None:
    complete = s3_client.complete_multipart_upload

    def lost(**given: Any) -> Any:
        complete(**given)
        raise no_upload(s3_client)

    monkeypatch.setattr(s3_client, "complete_multipart_upload", lost)
    store = S3Store(bucket="results", prefix=f"lost-{create}", client=s3_client)
    assert store.put("a", stream(), content_type="image/png", create=create).size == 9_000_000
    assert store.get("a") == b"".join(stream())


@pytest.mark.parametrize("standing", [b"", b"y"])
def test_an_s3_upload_that_is_gone_is_not_taken_for_stored(
    s3_client: "S3Client", monkeypatch: pytest.MonkeyPatch, standing: bytes
) -> None:
    store = S3Store(bucket="results", prefix=f"gone-{len(standing)}", client=s3_client)
    if standing:
        store.put("a", stream(standing), content_type="image/png")

    def gone(**given: Any) -> Any:
        raise no_upload(s3_client)

    monkeypatch.setattr(s3_client, "complete_multipart_upload", gone)
    with pytest.raises(StoreError, match="NoSuchUpload: the upload was thrown away meanwhile"):
        store.put("a", stream(), content_type="image/png")


def test_a_gcs_object_that_is_replaced_while_it_is_read_is_noticed(gcs_server: Any) -> None:
    store = gcs_server.sdk("results", "replaced")
    store.put("a", stream(b"x"), content_type="image/png")
    chunks = store.open("a")
    read = [next(chunks)]
    store.put("a", stream(b"y"), content_type="image/png")
    with pytest.raises(
        StoreError, match=r"^gs://results/replaced/a: open: the bytes were damaged, or replaced"
    ):
        for chunk in chunks:
            read.append(chunk)
    assert read[-1][-1:] == b"y"
