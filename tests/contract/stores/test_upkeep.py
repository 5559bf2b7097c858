"""What looks after a store, on each: the check before the first request, and the search for leftovers."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from async_inference.cli.main import main
from tests.contract.stores.conftest import BUCKET
from truss_outputs import OutputReader, OutputWriter, S3Store, Store
from truss_outputs.results.failures import failure_key
from truss_outputs.results.orphans import delete, orphans
from truss_outputs.stores.probe import FOLDER, probe, require

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

SOON = datetime.now(UTC) + timedelta(hours=1)
LOST = "a" * 32


def put(store: Store, key: str) -> None:
    store.put(key, b"left", content_type="application/octet-stream")


def test_a_store_is_proved_and_left_as_it_was(store: Store) -> None:
    steps = [(step.name, step.problem) for step in probe(store)]
    assert steps == [("put", None), ("create", None), ("get", None), ("list", None), ("delete", None)]
    assert require(store) == []
    assert list(store.list()) == []


def test_only_leftovers_are_found_and_can_be_deleted(store: Store) -> None:
    winner = OutputWriter(store).write({"image": b"x"}, "won").attempt
    kept = [f"won/{winner}/image.bin", "won/result.json", "inputs/mine.bin", "a note.txt", "lost/notes/x"]
    left = {
        f"won/{LOST}/image.bin": "another attempt won",
        failure_key("won", LOST): "a later attempt won",
        f"lost/{LOST}/image.bin": "no result was stored",
        f"{FOLDER}/{LOST}": "a check was interrupted",
    }
    for key in (*kept[2:], *left, failure_key("lost", LOST)):
        put(store, key)
    assert list(orphans(store, before=SOON - timedelta(days=1))) == []
    found = {orphan.entry.key: orphan.reason for orphan in orphans(store, before=SOON)}
    assert found == left
    for key in found:
        store.delete(key)
    assert list(orphans(store, before=SOON)) == []
    remaining = {entry.key for entry in store.list()}
    assert remaining == {*kept, failure_key("lost", LOST)}
    reader = OutputReader(store)
    assert reader.value(reader.load("won")) == {"image": b"x"}


@pytest.fixture
def uploads(s3_client: "S3Client") -> Any:
    """Begins a multipart upload of a key, sends one part, and leaves it so."""

    def begin(key: str) -> str:
        place: Any = {"Bucket": BUCKET, "Key": key}
        place["UploadId"] = s3_client.create_multipart_upload(**place)["UploadId"]
        s3_client.upload_part(**place, PartNumber=1, Body=b"half")
        return str(place["UploadId"])

    return begin


def open_keys(s3_client: "S3Client") -> set[str]:
    return {each["Key"] for each in s3_client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])}


def test_open_uploads_of_artifacts_are_found_and_can_be_aborted(s3_client: "S3Client", uploads: Any) -> None:
    store = S3Store(bucket=BUCKET, prefix="gc", client=s3_client)
    ours = f"lost/{LOST}/film.mp4"
    others = {f"elsewhere/{ours}", "gc/lost/film.mp4", "gc/a backup", f"gc/inputs/{LOST}/x", f"gc/{ours}/x"}
    for key in (f"gc/{ours}", f"gc/{ours}", *others):
        uploads(key)
    assert list(orphans(store, before=SOON - timedelta(days=1))) == []
    found = list(orphans(store, before=SOON))
    assert [(each.entry.key, each.entry.size, each.reason) for each in found] == [
        (ours, 4, "a write was interrupted")
    ] * 2
    for each in (*found, *found):  # what is gone is no error
        delete(store, each)
    assert open_keys(s3_client) & {f"gc/{ours}", *others} == others


def test_gc_aborts_an_open_upload(
    s3_client: "S3Client", s3_endpoint: str, uploads: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"gc2/lost/{LOST}/film.mp4"
    uploads(key)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setattr("async_inference.cli.commands.results.gc._YOUNGEST", timedelta(0))
    command = ["gc", "--outputs", f"s3://{BUCKET}/gc2", "--older-than", "0h"]
    listed = CliRunner().invoke(main, command)
    assert f"s3://{BUCKET}/{key}  4 bytes, a write was interrupted" in listed.stdout, listed.output
    assert key in open_keys(s3_client)
    assert CliRunner().invoke(main, [*command, "--delete", "--yes"]).exit_code == 0
    assert key not in open_keys(s3_client)
