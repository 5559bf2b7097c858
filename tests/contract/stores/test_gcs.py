"""What only GCS does; the contract suite holds the rest."""

import gc
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from truss_outputs import StoreError, from_url
from truss_outputs.stores.gcs import client as gcs_client
from truss_outputs.stores.gcs.options import GCSOptions
from truss_outputs.stores.gcs.store import GCSStore
from truss_outputs.stores.options import Engine

bodies = pytest.mark.parametrize("make", [lambda: b"small", lambda: iter([b"x" * 9_000_000])])


@bodies
@pytest.mark.parametrize("engine", ["sdk", "obstore"])
def test_every_object_is_kept_as_the_settings_say(
    gcs_endpoint: str, engine: Engine, make: Callable[[], bytes]
) -> None:
    options = GCSOptions(
        engine=engine, endpoint_url=gcs_endpoint, storage_class="NEARLINE", metadata={"team": "vision"}
    )
    from_url(f"gs://results/{engine}", options=options).put("x.bin", make(), content_type="image/png")
    reader = from_url(f"gs://results/{engine}", options=GCSOptions(engine="sdk", endpoint_url=gcs_endpoint))
    assert isinstance(reader, GCSStore)
    blob = reader.blob("x.bin")
    blob.reload()
    assert (blob.storage_class, blob.metadata, blob.content_type) == (
        "NEARLINE",
        {"team": "vision"},
        "image/png",
    )


def test_damaged_bytes_are_refused_by_the_server(gcs_endpoint: str) -> None:
    """Of the test's server: else nothing would be shown by uploads that succeed."""
    store = from_url("gs://results/damaged", options=GCSOptions(engine="sdk", endpoint_url=gcs_endpoint))
    assert isinstance(store, GCSStore)
    blob = store.blob("x")
    blob.crc32c = "AAAAAA=="
    with pytest.raises(Exception, match="BadDigest"):
        blob.upload_from_string(b"body", checksum=None)
    assert list(store.list()) == []


@pytest.mark.parametrize("engine", ["sdk", "obstore"])
def test_who_cannot_be_reached_is_named(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truss_outputs.stores.gcs.store.retry", lambda: None)
    store = from_url("gs://results/x", options=GCSOptions(engine=engine, endpoint_url="http://127.0.0.1:9"))
    with pytest.raises(StoreError, match=r"^gs://results/x/a: ") as caught:
        store.put("a", b"x", content_type="text/plain")
    assert caught.value.is_transient


class _CutConnection(HTTPAdapter):
    """A network that fails every request of one HTTP method."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self.method = method

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        if request.method == self.method:
            raise requests.ConnectionError("cut")
        return super().send(request, *args, **options)


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
def test_an_abandoned_upload_commits_nothing_when_it_is_collected(
    gcs_endpoint: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK's BlobWriter finishes an upload in its finaliser if the request to cancel it failed."""
    monkeypatch.setattr("truss_outputs.stores.gcs.store.retry", lambda: None)
    client = gcs_client.connect(GCSOptions(endpoint_url=gcs_endpoint))
    store = GCSStore(bucket="results", prefix=uuid.uuid4().hex, client=client)
    store.put("a.bin", b"before", content_type="video/mp4")

    def broken() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 1_000_000
        raise ValueError("the model broke")

    adapter = client._http.get_adapter("http://")
    client._http.mount("http://", _CutConnection(method))
    with pytest.raises((ValueError, StoreError)):
        store.put("a.bin", broken(), content_type="video/mp4")
    client._http.mount("http://", adapter)  # the network is back when the garbage is collected
    gc.collect()
    assert store.get("a.bin") == b"before"


def test_a_stream_that_fills_its_last_part_is_stored_whole(gcs_endpoint: str) -> None:
    store = from_url("gs://results/full", options=GCSOptions(engine="sdk", endpoint_url=gcs_endpoint))
    receipt = store.put("x.bin", iter([b"x" * (16 * 1024 * 1024)]), content_type="video/mp4")
    assert store.head("x.bin").size == receipt.size == 16 * 1024 * 1024
