"""The README's reader with plain boto3 reads what the writer stores."""

import re
from pathlib import Path
from typing import Any

import pytest
from mypy_boto3_s3.client import S3Client

from tests.contract.stores.conftest import BUCKET
from truss_outputs import Artifact, OutputWriter, from_url

README = Path(__file__).resolve().parents[3] / "README.md"


NESTED = {"text": "é", "blobs": [b"1", {"deep": Artifact(b"2", "image/png")}]}


@pytest.mark.parametrize(
    ("request_id", "output", "expected"),
    [
        ("nested", NESTED, {"text": "é", "blobs": [b"1", {"deep": b"2"}]}),
        ("alone", b"alone", b"alone"),
        ("json", 7, 7),
    ],
)
def test_it_gives_the_output_back(
    monkeypatch, s3_client: S3Client, s3_endpoint: str, request_id: str, output: Any, expected: Any
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    store = from_url(f"s3://{BUCKET}/plain", endpoint_url=s3_endpoint, region="us-east-1")
    OutputWriter(store).write(output, request_id)
    [code] = re.findall(r"^```python\n(import hashlib.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["read_result"](BUCKET, "plain", request_id) == expected
