"""Every store, empty. What speaks HTTP is a real server, on a port the system chose."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from truss_outputs import LocalStore, MemoryStore, S3Store, Store
from truss_outputs.stores.s3_client import connect

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

BUCKET = "results"


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def s3_client(s3_endpoint: str) -> Iterator["S3Client"]:
    with pytest.MonkeyPatch.context() as patch:
        # What the SDK's own chain finds, and nothing of this machine's.
        patch.setenv("AWS_ACCESS_KEY_ID", "test-key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test-secret")
        patch.setenv("AWS_CONFIG_FILE", "/dev/null")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        client = connect(endpoint_url=s3_endpoint, region="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client
        client.close()


@pytest.fixture
def s3_store(s3_client: "S3Client") -> S3Store:
    return S3Store(bucket=BUCKET, prefix=f"out/{uuid.uuid4().hex}", client=s3_client)


@pytest.fixture(params=["memory", "folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore("contract")
    if request.param == "folder":
        return LocalStore(tmp_path / "a folder" / "outputs")
    s3: S3Store = request.getfixturevalue("s3_store")
    return s3
