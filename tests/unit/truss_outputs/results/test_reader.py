import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.truss_outputs.faulty_store import FaultyStore
from tests.unit.truss_outputs.model_request import MARKER, REQUEST
from truss_outputs import (
    Artifact,
    CorruptResult,
    InvalidRequestId,
    MemoryStore,
    ObjectNotFound,
    OutputReader,
    OutputWriter,
)


def rewrite(store: FaultyStore, **changes: Any) -> None:
    """Change the stored document, as somebody with access to the bucket could."""
    document = json.loads(store.get(MARKER))
    document.update(changes)
    store.put(MARKER, json.dumps(document).encode(), content_type="application/json")


def record(store: FaultyStore) -> Any:
    return json.loads(store.get(MARKER))["truss_outputs"]


def test_the_place_is_known_before_there_is_a_result(reader: OutputReader) -> None:
    assert reader.url(REQUEST) == f"memory://faulty/{MARKER}"
    assert reader.url(f"{REQUEST}:ray:user") == reader.url(REQUEST)


def test_a_hostile_id_is_refused(reader: OutputReader, store: FaultyStore) -> None:
    with pytest.raises(InvalidRequestId):
        reader.load("../other")
    assert store.calls == []


def test_json_that_looks_like_a_reference_is_data(reader: OutputReader, writer: OutputWriter) -> None:
    output = {"name": "x", "url": "s3://x/y", "content_type": "image/png", "size": 1, "checksum": "sha256:0"}
    writer.write({"fake": output, "real": b"x"}, REQUEST)
    assert reader.value(reader.load(REQUEST)) == {"fake": output, "real": b"x"}


def test_bytes_come_back_as_bytes_and_types_as_artifacts(reader: OutputReader, writer: OutputWriter) -> None:
    writer.write([b"x", Artifact(b"y", "image/png")], REQUEST)
    assert reader.value(reader.load(REQUEST)) == [b"x", Artifact(b"y", "image/png", name="1.png")]


@pytest.mark.parametrize("content", [b"", b"not json", b"[]", b"{}", b'{"request_id": 1}', b"\xff"])
def test_what_is_no_result_is_corrupt(store: FaultyStore, reader: OutputReader, content: bytes) -> None:
    store.put(MARKER, content, content_type="application/json")
    with pytest.raises(CorruptResult, match=f"memory://faulty/{MARKER}: no result of format 1") as caught:
        reader.load(REQUEST)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "problem"), [(b"not json", "document: Invalid JSON"), (b"{}", "request_id: Field required")]
)
def test_the_first_problem_of_a_document_is_named(
    store: FaultyStore, reader: OutputReader, content: bytes, problem: str
) -> None:
    store.put(MARKER, content, content_type="application/json")
    with pytest.raises(CorruptResult, match=f"no result of format 1: {problem}"):
        reader.load(REQUEST)


def test_a_result_is_found_by_the_whole_header_too(reader: OutputReader, writer: OutputWriter) -> None:
    writer.write(1, REQUEST)
    assert reader.load(f"{REQUEST}:ray:user").data == 1


@pytest.mark.parametrize(
    ("content_type", "value"),
    [("application/octet-stream", b"x"), ("image/png", Artifact(b"x", "image/png", name="a.bin"))],
)
def test_the_first_results_which_recorded_no_kind_are_read(
    store: FaultyStore, reader: OutputReader, writer: OutputWriter, content_type: str, value: object
) -> None:
    writer.write({"a": b"x"}, REQUEST)
    artifact = {**record(store)["artifacts"][0], "content_type": content_type}
    del artifact["kind"]
    rewrite(store, truss_outputs=record(store) | {"artifacts": [artifact]})
    assert reader.value(reader.load(REQUEST)) == {"a": value}


def test_an_artifact_of_any_bytes_stays_an_artifact(reader: OutputReader, writer: OutputWriter) -> None:
    writer.write([Artifact(b"x", "application/octet-stream")], REQUEST)
    expected = Artifact(b"x", "application/octet-stream", name="0.bin")
    assert reader.value(reader.load(REQUEST)) == [expected]


def test_a_value_shares_nothing_with_the_result(reader: OutputReader, writer: OutputWriter) -> None:
    writer.write({"a": [1], "b": b"x"}, REQUEST)
    result = reader.load(REQUEST)
    reader.value(result)["a"].append(2)
    assert reader.value(result)["a"] == [1]


class ByteByByte(MemoryStore):
    def open(self, key: str) -> Iterator[bytes]:
        return (bytes([byte]) for byte in self.get(key))


def test_an_artifact_is_read_chunk_by_chunk() -> None:
    store = ByteByByte()
    OutputWriter(store).write([b"abc"], REQUEST)
    reader = OutputReader(store)
    result = reader.load(REQUEST)
    assert list(reader.stream(result, result.truss_outputs.artifacts[0])) == [b"a", b"b", b"c"]
    assert reader.value(result) == [b"abc"]


def test_another_format_is_corrupt(store: FaultyStore, reader: OutputReader, writer: OutputWriter) -> None:
    writer.write(1, REQUEST)
    rewrite(store, truss_outputs=record(store) | {"format": 2})
    with pytest.raises(CorruptResult, match=r"truss_outputs\.format"):
        reader.load(REQUEST)


def test_another_requests_result_is_corrupt(
    store: FaultyStore, reader: OutputReader, writer: OutputWriter
) -> None:
    writer.write(1, REQUEST)
    rewrite(store, request_id="another")
    with pytest.raises(CorruptResult, match="another request"):
        reader.load(REQUEST)


@pytest.mark.parametrize(
    ("content", "problem"), [(b"abcd", "more bytes"), (b"ab", "2 bytes"), (b"xyz", "sha256:")]
)
def test_a_damaged_artifact_is_corrupt(
    store: FaultyStore, reader: OutputReader, content: bytes, problem: str, writer: OutputWriter
) -> None:
    attempt = writer.write({"a": b"abc"}, REQUEST).attempt
    store.put(f"{REQUEST}/{attempt}/a.bin", content, content_type="application/octet-stream")
    result = reader.load(REQUEST)
    with pytest.raises(CorruptResult, match=f"{attempt}/a.bin: {problem}"):
        reader.value(result)


def test_a_missing_artifact_is_not_found(
    store: FaultyStore, reader: OutputReader, writer: OutputWriter
) -> None:
    attempt = writer.write({"a": b"abc"}, REQUEST).attempt
    store.delete(f"{REQUEST}/{attempt}/a.bin")
    with pytest.raises(ObjectNotFound, match="not found"):
        reader.value(reader.load(REQUEST))


@pytest.mark.parametrize("change", [{"name": "../../other/secret"}, {"name": ".."}, {"name": "a/b"}])
def test_a_document_chooses_no_place_outside(
    store: FaultyStore, reader: OutputReader, change: dict[str, str], writer: OutputWriter
) -> None:
    writer.write({"a": b"abc"}, REQUEST)
    stored = record(store)
    rewrite(store, truss_outputs=stored | {"artifacts": [stored["artifacts"][0] | change]})
    result = reader.load(REQUEST)
    store.calls.clear()
    with pytest.raises(CorruptResult):
        reader.value(result)
    assert store.calls == []


def test_the_url_in_a_document_is_not_followed(
    store: FaultyStore, reader: OutputReader, writer: OutputWriter
) -> None:
    MemoryStore.named("elsewhere").put("x", b"abc", content_type="image/png")
    writer.write({"a": b"abc"}, REQUEST)
    stored = record(store)
    artifact = stored["artifacts"][0] | {"url": "memory://elsewhere/x"}
    rewrite(store, truss_outputs=stored | {"artifacts": [artifact]})
    store.calls.clear()
    result = reader.load(REQUEST)
    reader.value(result)
    assert store.calls == [("get", MARKER), ("open", f"{REQUEST}/{stored['attempt']}/a.bin")]


@pytest.mark.parametrize("data", [[1], {}, None])
def test_a_path_that_leads_nowhere_is_corrupt(
    store: FaultyStore, reader: OutputReader, writer: OutputWriter, data: object
) -> None:
    writer.write({"a": b"abc"}, REQUEST)
    rewrite(store, data=data)
    with pytest.raises(CorruptResult, match="path leads nowhere"):
        reader.value(reader.load(REQUEST))
