"""What is GCS's own; all else is in the contract suite."""

from collections.abc import Callable

import pytest

from truss_outputs import StoreError, from_url
from truss_outputs.stores.gcs.store import GCSStore
from truss_outputs.stores.options import Engine, StoreOptions

bodies = pytest.mark.parametrize("make", [lambda: b"small", lambda: iter([b"x" * 9_000_000])])


@bodies
@pytest.mark.parametrize("engine", ["sdk", "obstore"])
def test_every_object_is_kept_as_the_settings_say(
    gcs_endpoint: str, engine: Engine, make: Callable[[], bytes]
) -> None:
    options = StoreOptions(
        engine=engine, endpoint_url=gcs_endpoint, storage_class="NEARLINE", metadata={"team": "vision"}
    )
    from_url(f"gs://results/{engine}", options=options).put("x.bin", make(), content_type="image/png")
    reader = from_url(f"gs://results/{engine}", options=StoreOptions(engine="sdk", endpoint_url=gcs_endpoint))
    assert isinstance(reader, GCSStore)
    blob = reader._blob("x.bin")
    blob.reload()
    assert (blob.storage_class, blob.metadata, blob.content_type) == (
        "NEARLINE",
        {"team": "vision"},
        "image/png",
    )


def test_damaged_bytes_are_refused_by_the_server(gcs_endpoint: str) -> None:
    """Of the test's server: else nothing would be shown by uploads that succeed."""
    store = from_url("gs://results/damaged", options=StoreOptions(engine="sdk", endpoint_url=gcs_endpoint))
    assert isinstance(store, GCSStore)
    blob = store._blob("x")
    blob.crc32c = "AAAAAA=="
    with pytest.raises(Exception, match="BadDigest"):
        blob.upload_from_string(b"body", checksum=None)
    assert list(store.list()) == []


@pytest.mark.parametrize("engine", ["sdk", "obstore"])
def test_who_cannot_be_reached_is_named(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truss_outputs.stores.gcs.store.retry", lambda: None)
    store = from_url("gs://results/x", options=StoreOptions(engine=engine, endpoint_url="http://127.0.0.1:9"))
    with pytest.raises(StoreError, match=r"^gs://results/x/a: ") as caught:
        store.put("a", b"x", content_type="text/plain")
    assert caught.value.is_transient
