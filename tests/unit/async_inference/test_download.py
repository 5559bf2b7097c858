import json
from pathlib import Path

import pytest

from async_inference.download import download_result
from async_inference.errors import InvalidSetting
from async_inference.webhooks import verify_result
from truss_outputs import (
    Artifact,
    CorruptResult,
    InvalidRequestId,
    MemoryStore,
    ObjectNotFound,
    OutputReader,
    OutputWriter,
)

SECRET = "whsec_" + "a" * 40


@pytest.fixture
def store():
    store = MemoryStore()
    output = {"text": "hé", "image": Artifact(b"\x89PNG", "image/png"), "raw": [b"\x00\x01"]}
    OutputWriter(store).write(output, "r1")
    return store


@pytest.fixture
def fetch(store, tmp_path):
    return lambda request_id="r1": list(
        download_result(request_id, reader=OutputReader(store), to=tmp_path / "to")
    )


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def change(store: MemoryStore, old: bytes, new: bytes) -> None:
    document = store.get("r1/result.json").replace(old, new)
    store.put("r1/result.json", document, content_type="application/json")


def test_everything_is_there_and_the_result_last(fetch, store, tmp_path):
    fetched = fetch()
    assert [path.name for path in fetched] == ["image.png", "raw.0.bin", "result.json"]
    assert files(tmp_path) == {
        "to/r1/image.png": b"\x89PNG",
        "to/r1/raw.0.bin": b"\x00\x01",
        "to/r1/result.json": store.get("r1/result.json"),
    }
    assert json.loads(fetched[-1].read_text())["data"]["text"] == "hé"


def test_a_signed_result_can_still_be_verified(tmp_path):
    store = MemoryStore()
    OutputWriter(store, signing_secret=lambda: SECRET).write({"text": "hé"}, "r1")
    [document] = download_result("r1", reader=OutputReader(store), to=tmp_path)
    assert verify_result(document.read_bytes(), [SECRET]).data == {"text": "hé"}


def test_again_is_the_same(fetch, tmp_path):
    fetch()
    before = files(tmp_path)
    (tmp_path / "to/r1/.image.png.part").write_bytes(b"left by a crash")
    fetch()
    assert files(tmp_path) == before


def test_what_is_not_there(fetch, tmp_path):
    with pytest.raises(ObjectNotFound):
        fetch("r2")
    assert files(tmp_path) == {}


def test_a_changed_artifact_is_not_written(fetch, store, tmp_path):
    key = next(entry.key for entry in store.list() if entry.key.endswith("image.png"))
    store.put(key, b"\x89png", content_type="image/png")
    with pytest.raises(CorruptResult, match="where the result says"):
        fetch()
    assert files(tmp_path) == {}


@pytest.mark.parametrize("name", ["../evil.png", "/evil.png", "..", "a/b.png", ".hidden", "a\\\\b"])
def test_no_stored_name_leads_out_of_the_folder(fetch, store, tmp_path, name):
    change(store, b'"image.png"', f'"{name}"'.encode())
    with pytest.raises(CorruptResult):
        fetch()
    assert files(tmp_path) == {}


def test_an_artifact_does_not_take_the_results_place(fetch, store, tmp_path):
    content = store.get(next(entry.key for entry in store.list() if entry.key.endswith("image.png")))
    attempt = json.loads(store.get("r1/result.json"))["truss_outputs"]["attempt"]
    store.put(f"r1/{attempt}/result.json", content, content_type="image/png")
    change(store, b'"image.png"', b'"result.json"')
    fetch()
    assert json.loads((tmp_path / "to/r1/result.json").read_text())["request_id"] == "r1"


@pytest.mark.parametrize("request_id", ["../r1", "/r1", "..", "r1/../../r1", ""])
def test_no_request_id_leads_out_of_the_folder(fetch, tmp_path, request_id):
    with pytest.raises(InvalidRequestId):
        fetch(request_id)
    assert files(tmp_path) == {}


def test_a_folder_that_is_a_link_is_not_entered(fetch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "to").mkdir()
    (tmp_path / "to/r1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidSetting, match="is a link"):
        fetch()
    assert files(tmp_path) == {}


def test_a_file_that_is_a_link_is_replaced_not_followed(fetch, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("keep")
    folder = tmp_path / "to/r1"
    folder.mkdir(parents=True)
    for name in ("image.png", ".image.png.part", "result.json"):
        (folder / name).symlink_to(precious)
    fetch()
    assert precious.read_text() == "keep"
    assert (folder / "image.png").read_bytes() == b"\x89PNG"


def test_a_half_written_file_is_not_left(fetch, store, tmp_path):
    (tmp_path / "to/r1/image.png/in-the-way").mkdir(parents=True)
    with pytest.raises(OSError):
        fetch()
    assert files(tmp_path) == {}
