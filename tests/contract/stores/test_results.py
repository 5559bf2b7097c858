"""What is written as a result is read as one, on every store."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from truss_outputs import Artifact, ObjectNotFound, OutputReader, OutputWriter, Store

REQUEST = "35643965636d4c3da6f54b5c3b354aa0"
OUTPUT = {
    "title": "été",
    "score": 0.25,
    "frames": [b"\0one", Artifact(b"\x89PNG", "image/png", name="two.png"), None],
}


def test_an_output_comes_back(store: Store) -> None:
    reference = OutputWriter(store, model_id="m", deployment_id="d").write(OUTPUT, REQUEST)
    reader = OutputReader(store)
    result = reader.load(REQUEST)
    assert reader.value(result) == OUTPUT
    assert (result.request_id, result.model_id, result.deployment_id) == (REQUEST, "m", "d")
    assert result.errors == []
    assert reference.url == reader.url(REQUEST) == f"{store.url}/{REQUEST}/result.json"
    assert reference.attempt == result.truss_outputs.attempt


def test_each_object_says_what_it_is(store: Store) -> None:
    reference = OutputWriter(store).write(OUTPUT, REQUEST)
    assert store.head(f"{REQUEST}/result.json").content_type == "application/json"
    types = {
        artifact.name: store.head(f"{REQUEST}/{reference.attempt}/{artifact.name}").content_type
        for artifact in reference.artifacts
    }
    assert types == {"frames.0.bin": "application/octet-stream", "two.png": "image/png"}


def test_a_repeated_request_gets_the_first_result(store: Store) -> None:
    writer = OutputWriter(store)
    first = writer.write(OUTPUT, REQUEST)
    before = [entry.key for entry in store.list()]
    assert writer.write({"another": b"output"}, REQUEST) == first
    assert [entry.key for entry in store.list()] == before


def test_of_concurrent_writers_one_wins_and_the_others_leave_nothing(store: Store) -> None:
    together = Barrier(16)

    def write(number: int) -> str:
        writer = OutputWriter(store)
        together.wait()
        return writer.write({"number": number, "image": bytes([number])}, REQUEST).attempt

    with ThreadPoolExecutor(16) as threads:
        attempts = set(threads.map(write, range(16)))
    assert len(attempts) == 1
    result = OutputReader(store).load(REQUEST)
    assert {result.truss_outputs.attempt} == attempts
    value = OutputReader(store).value(result)
    assert value["image"] == bytes([value["number"]])
    assert [entry.key for entry in store.list()] == [
        f"{REQUEST}/{result.truss_outputs.attempt}/image.bin",
        f"{REQUEST}/result.json",
    ]


def test_no_result_is_no_result(store: Store) -> None:
    with pytest.raises(ObjectNotFound):
        OutputReader(store).load(REQUEST)
