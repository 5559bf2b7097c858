"""Every store, empty. What speaks HTTP is a real server, on a port the system chose."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from tests.contract.servers import azurite
from truss_outputs import LocalStore, MemoryStore, S3Store, Store, from_url
from truss_outputs.stores.azure.account import account_of
from truss_outputs.stores.azure.client import connect as connect_az
from truss_outputs.stores.azure.options import AzureOptions
from truss_outputs.stores.gcs import client as gcs
from truss_outputs.stores.gcs.obstore_connection import connect as connect_gs_obstore
from truss_outputs.stores.gcs.options import GCSOptions
from truss_outputs.stores.gcs.store import GCSStore
from truss_outputs.stores.obstore.store import ObstoreStore
from truss_outputs.stores.options import Engine
from truss_outputs.stores.s3.client import connect
from truss_outputs.stores.s3.obstore_connection import connect as connect_s3_obstore
from truss_outputs.stores.s3.options import S3Options

if TYPE_CHECKING:
    from google.cloud.storage import Client as GCSClient
    from mypy_boto3_s3.client import S3Client

BUCKET = "results"
AZURE = ("azure sdk", "azure obstore")
ROOT = Path(__file__).parents[3]


@contextmanager
def _served(program: str) -> Iterator[str]:
    """The url of a server in a process of its own, so that what it holds is not the store's memory."""
    command = [sys.executable, "-m", program]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    with _served("tests.s3_server") as url:
        yield url


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


@dataclass(frozen=True)
class _Server:
    """A server, and the stores of each engine in one of its buckets."""

    sdk: Callable[[str, str], Store]
    obstore: Callable[[str, str], Store]


@pytest.fixture
def s3_server(s3_client: "S3Client", s3_endpoint: str) -> _Server:
    """With the environment of `s3_client`, in which the SDK's own chain finds a key."""
    options = S3Options(endpoint_url=s3_endpoint, region="us-east-1")
    return _Server(
        sdk=lambda bucket, prefix: S3Store(bucket=bucket, prefix=prefix, client=s3_client),
        obstore=lambda bucket, prefix: ObstoreStore(
            scheme="s3", bucket=bucket, prefix=prefix, connection=connect_s3_obstore(bucket, options)
        ),
    )


@pytest.fixture(scope="session")
def gcs_endpoint() -> Iterator[str]:
    with _served("tests.contract.servers.gcs_server") as url:
        yield url


@pytest.fixture(scope="session")
def gcs_client(gcs_endpoint: str) -> Iterator["GCSClient"]:
    client = gcs.connect(GCSOptions(endpoint_url=gcs_endpoint))
    yield client
    client.close()


@pytest.fixture
def gcs_server(gcs_client: "GCSClient", gcs_endpoint: str) -> _Server:
    options = GCSOptions(endpoint_url=gcs_endpoint)
    return _Server(
        sdk=lambda bucket, prefix: GCSStore(bucket=bucket, prefix=prefix, client=gcs_client),
        obstore=lambda bucket, prefix: ObstoreStore(
            scheme="gs", bucket=bucket, prefix=prefix, connection=connect_gs_obstore(bucket, options)
        ),
    )


@pytest.fixture(scope="session")
def azure_endpoint() -> Iterator[str]:
    with azurite.served() as url:
        yield url


@pytest.fixture(scope="session")
def azure_options(azure_endpoint: str) -> AzureOptions:
    """Those that open Azurite's account, in which there is a container."""
    options = AzureOptions(endpoint_url=azure_endpoint, account_key=SecretStr(azurite.KEY))
    connect_az(BUCKET, account_of(options, {})).create_container()
    return options


@pytest.fixture
def azure_server(azure_options: AzureOptions) -> _Server:
    def opened(engine: Engine) -> Callable[[str, str], Store]:
        options = replace(azure_options, engine=engine)
        return lambda bucket, prefix: from_url(f"az://{bucket}/{prefix}", options=options)

    return _Server(sdk=opened("sdk"), obstore=opened("obstore"))


@pytest.fixture(params=["s3", "gcs", "azure"])
def two_engines(request: pytest.FixtureRequest) -> tuple[Store, Store]:
    """The SDK's and obstore's store, in one place of one bucket."""
    server: _Server = request.getfixturevalue(f"{request.param}_server")
    prefix = uuid.uuid4().hex
    return server.sdk(BUCKET, prefix), server.obstore(BUCKET, prefix)


@pytest.fixture(params=["s3", "gcs", "azure"])
def absent_buckets(request: pytest.FixtureRequest) -> tuple[Store, Store]:
    server: _Server = request.getfixturevalue(f"{request.param}_server")
    return server.sdk("absent", "p"), server.obstore("absent", "p")


@pytest.fixture(params=["memory", "folder", "s3 sdk", "s3 obstore", "gcs sdk", "gcs obstore", *AZURE])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    match request.param:
        case "memory":
            return MemoryStore("contract")
        case "folder":
            return LocalStore(tmp_path / "a folder" / "outputs")
    service, engine = request.param.split()
    opened: Store = getattr(request.getfixturevalue(f"{service}_server"), engine)(BUCKET, uuid.uuid4().hex)
    return opened
