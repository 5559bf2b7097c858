"""Stores of every kind, for proofs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.prove.storage.stores import BUCKET, open_store
from tests.s3_server import s3_with_bucket
from truss_outputs.store import Store

ENGINES = ("sdk", "obstore")


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The endpoint of an S3 server with one bucket."""
    with s3_with_bucket(BUCKET) as endpoint:
        yield endpoint


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
