"""Proofs: longer than a test, bounded in count and time, with a seed that is printed where it matters."""

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from truss_outputs.result import StoredResult
from truss_outputs.settings import OutputSettings
from truss_outputs.store import Store

BUCKET = "proofs"
KEYS = {"id": "an-access-key-id", "key": "a-secret-access-key"}
ENGINES = ("sdk", "obstore")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.prove)
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The endpoint of an S3 server with one bucket."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEYS["id"],
        aws_secret_access_key=KEYS["key"],
    )
    client.create_bucket(Bucket=BUCKET)
    client.close()
    yield endpoint
    server.stop()


def open_store(url: str, endpoint_url: str | None = None, engine: str = "sdk") -> Store:
    """A store as a model would open it."""
    section: dict[str, object] = {"url": url}
    if endpoint_url:
        names = {"access_key_id_secret": "id", "secret_access_key_secret": "key"}
        section |= {"endpoint_url": endpoint_url, "region": "us-east-1", "engine": engine, **names}
    return OutputSettings.from_config({"model_metadata": {"truss_outputs": section}}, {}).open_store(KEYS)


StoreOf = Callable[[str], Store]


@pytest.fixture(params=["memory", "file", *(f"s3-{engine}" for engine in ENGINES)])
def store_of(request: pytest.FixtureRequest, tmp_path: Path, moto: str) -> StoreOf:
    """Opens a store of one kind under a prefix."""
    kind: str = request.param

    def of(prefix: str) -> Store:
        if kind == "memory":
            return open_store(f"memory://{tmp_path.name}-{prefix}")
        if kind == "file":
            return open_store(f"{tmp_path.as_uri()}/{prefix}")
        return open_store(f"s3://{BUCKET}/{tmp_path.name}/{prefix}", moto, kind.removeprefix("s3-"))

    return of


def audit(store: Store) -> dict[str, StoredResult]:
    """Every result of the store, its invariants checked; what is in no result's attempt is only an orphan."""
    from truss_outputs.reader import OutputReader

    reader = OutputReader(store)
    results: dict[str, StoredResult] = {}
    for entry in store.list():
        folder, _, rest = entry.key.partition("/")
        if rest != "result.json":
            assert rest.count("/") == 1, f"{entry.key} is no artifact of an attempt"
            continue
        result = reader.load(folder)
        for artifact in result.truss_outputs.artifacts:
            reader.read(result, artifact)  # raises unless it is whole
        results[folder] = result
    return results
