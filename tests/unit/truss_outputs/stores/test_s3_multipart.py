"""What an S3 upload in parts sends, and that none is left open."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from truss_outputs.stores.s3.multipart import upload

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

TARGET = {"Bucket": "bucket", "Key": "key"}


@dataclass
class Client:
    """Keeps what it was asked for, and fails at the operation `failing`."""

    failing: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    exceptions: Any = field(default_factory=lambda: SimpleNamespace(NoSuchUpload=KeyError))

    def __getattr__(self, operation: str) -> Any:
        def call(**given: Any) -> dict[str, str]:
            with self.lock:
                self.calls.append((operation, given))
            if operation == self.failing:
                raise OSError(operation)
            return {"UploadId": "u", "ETag": f"etag-{given.get('PartNumber')}"}

        return call

    def put(self, parts: Iterator[bytes]) -> None:
        precondition = {"IfNoneMatch": "*"}
        attributes = {"ContentType": "image/png"}
        client = cast("S3Client", self)
        upload(client, parts, target=TARGET, attributes=attributes, precondition=precondition)

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.calls]


def test_parts_are_completed_in_order_and_only_once() -> None:
    client = Client()
    client.put(bytes([number]) for number in range(9))
    operation, completed = client.calls[-1]
    assert operation == "complete_multipart_upload"
    assert completed["IfNoneMatch"] == "*"
    parts = completed["MultipartUpload"]["Parts"]
    assert [part["PartNumber"] for part in parts] == list(range(1, 10))
    assert [part["ETag"] for part in parts] == [f"etag-{number}" for number in range(1, 10)]
    assert len({part["ChecksumCRC32"] for part in parts}) == 9
    assert client.calls[0][1] == TARGET | {"ContentType": "image/png", "ChecksumAlgorithm": "CRC32"}


@pytest.mark.parametrize("failing", ["upload_part", "complete_multipart_upload"])
def test_an_upload_that_fails_is_thrown_away(failing: str) -> None:
    client = Client(failing=failing)
    with pytest.raises(OSError, match=failing):
        client.put(iter([b"one", b"two"]))
    assert client.calls[-1] == ("abort_multipart_upload", TARGET | {"UploadId": "u"})


def test_an_upload_whose_producer_raises_is_thrown_away() -> None:
    def broken() -> Iterator[bytes]:
        yield b"one"
        raise KeyboardInterrupt

    client = Client()
    with pytest.raises(KeyboardInterrupt):
        client.put(broken())
    assert client.operations[-1] == "abort_multipart_upload"
    assert "complete_multipart_upload" not in client.operations


def test_an_abort_that_fails_does_not_hide_why() -> None:
    client = Client(failing="abort_multipart_upload")

    def broken() -> Iterator[bytes]:
        yield b"one"
        raise ValueError("why")

    with pytest.raises(ValueError, match="why"):
        client.put(broken())
