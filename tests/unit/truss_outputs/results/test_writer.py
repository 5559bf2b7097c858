"""The invariants of a stored result, with the store failing at every point."""

from datetime import UTC, datetime

import pytest

from tests.unit.truss_outputs.faulty_store import Clock, Fault, FaultyStore
from tests.unit.truss_outputs.model_request import MARKER, REQUEST
from truss_outputs import (
    AlreadyExists,
    Artifact,
    CorruptResult,
    InvalidRequestId,
    OutputReader,
    OutputWriter,
    StoreError,
    UnstorableOutput,
)

OUTPUT = {"a": b"first", "b": [b"second"], "c": 3}


def busy(url: str) -> StoreError:
    return StoreError(url, "SlowDown: too many requests")


def denied(url: str) -> StoreError:
    return StoreError(url, "AccessDenied: the credentials may not s3:PutObject here", is_transient=False)


class PowerCut(BaseException):
    """The process ends here."""

    def __init__(self, url: str) -> None:
        super().__init__(url)


def check_invariants(store: FaultyStore) -> None:
    """If there is a result, all it names is there, and whole."""
    if MARKER in store.keys:
        reader = OutputReader(store.inner)
        reader.value(reader.load(REQUEST))


def artifacts(store: FaultyStore) -> list[str]:
    return [key for key in store.keys if key != MARKER]


def test_the_result_is_the_platforms_own_and_ours_behind(store: FaultyStore) -> None:
    time = datetime(2026, 11, 21, 1, 2, 3, 45, tzinfo=UTC)
    writer = OutputWriter(store, model_id="m", deployment_id="d", now=lambda: time)
    reference = writer.write({"a": b"x", "n": float("nan")}, f"{REQUEST}:ray:user")
    attempt = reference.attempt
    checksum = "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert store.get(MARKER).decode() == (
        f'{{"request_id":"{REQUEST}","model_id":"m","deployment_id":"d","type":"async_request_completed",'
        '"time":"2026-11-21T01:02:03.000045Z","data":{"a":{"name":"a.bin",'
        f'"url":"memory://faulty/{REQUEST}/{attempt}/a.bin","content_type":"application/octet-stream",'
        f'"size":1,"checksum":"{checksum}"}},"n":null}},"errors":[],"truss_outputs":{{"format":1,'
        f'"attempt":"{attempt}","artifacts":[{{"name":"a.bin",'
        f'"url":"memory://faulty/{REQUEST}/{attempt}/a.bin","content_type":"application/octet-stream",'
        f'"size":1,"checksum":"{checksum}","path":["a"],"kind":"bytes"}}],"traceparent":null}}}}'
    )


def test_every_object_has_its_content_type(writer: OutputWriter, store: FaultyStore) -> None:
    reference = writer.write(
        [Artifact(b"x", "image/png"), Artifact(iter([b"x"]), "video/mp4"), b"x"], REQUEST
    )
    folder = f"{REQUEST}/{reference.attempt}"
    types = {key: store.head(key).content_type for key in store.keys}
    assert types == {
        f"{folder}/0.png": "image/png",
        f"{folder}/1.mp4": "video/mp4",
        f"{folder}/2.bin": "application/octet-stream",
        MARKER: "application/json",
    }


def test_artifacts_come_first_and_the_result_last(writer: OutputWriter, store: FaultyStore) -> None:
    writer.write(OUTPUT, REQUEST)
    puts = [key for method, key in store.calls if method == "put"]
    assert len(puts) == 3
    assert puts[-1] == MARKER


@pytest.mark.parametrize("request_id", ["", "../x", "a/b", "x" * 10_000])
def test_a_hostile_request_id_writes_nothing(
    writer: OutputWriter, store: FaultyStore, request_id: str
) -> None:
    with pytest.raises(InvalidRequestId):
        writer.write(OUTPUT, request_id)
    assert store.calls == []


def test_an_output_that_cannot_be_stored_writes_nothing(writer: OutputWriter, store: FaultyStore) -> None:
    with pytest.raises(UnstorableOutput):
        writer.write({"a": b"x", "b": object()}, REQUEST)
    assert store.calls == []


def test_a_lost_acknowledgement_of_the_commit_is_success(
    writer: OutputWriter, store: FaultyStore, clock: Clock, reader: OutputReader
) -> None:
    store.faults = [Fault("put", MARKER, busy, after=True)]
    reference = writer.write(OUTPUT, REQUEST)
    assert reader.load(REQUEST).truss_outputs.attempt == reference.attempt
    assert len(artifacts(store)) == 2
    assert clock.slept == []


def test_a_refusal_of_ones_own_write_is_success(
    writer: OutputWriter, store: FaultyStore, reader: OutputReader
) -> None:
    """As when the SDK retries a create-only put whose acknowledgement was lost."""
    store.faults = [Fault("put", MARKER, AlreadyExists, after=True)]
    reference = writer.write(OUTPUT, REQUEST)
    assert reader.load(REQUEST).truss_outputs.attempt == reference.attempt
    check_invariants(store)


def test_an_outage_that_ends_is_outlived(writer: OutputWriter, store: FaultyStore, clock: Clock) -> None:
    store.faults = [
        Fault("put", ".bin", busy, times=3),
        Fault("put", MARKER, busy, times=5),
        Fault("get", MARKER, busy, times=3),
    ]
    writer.write(OUTPUT, REQUEST)
    check_invariants(store)
    assert MARKER in store.keys
    assert len(clock.slept) == 8


def test_a_lost_acknowledgement_of_an_artifact_is_made_good(writer: OutputWriter, store: FaultyStore) -> None:
    store.faults = [Fault("put", "a.bin", busy, after=True)]
    writer.write(OUTPUT, REQUEST)
    check_invariants(store)
    assert len(artifacts(store)) == 2


def test_a_commit_of_unknown_fate_fails_and_keeps_its_artifacts(
    writer: OutputWriter, store: FaultyStore, clock: Clock
) -> None:
    store.faults = [Fault("put", MARKER, busy, times=10**6), Fault("get", MARKER, busy, times=10**6)]
    with pytest.raises(StoreError, match=r"SlowDown.*; whether the result was stored is not known") as caught:
        writer.write(OUTPUT, REQUEST)
    assert caught.value.is_transient
    assert 18 < clock.now <= 20
    assert len(artifacts(store)) == 2


def test_what_landed_during_an_outage_keeps_its_artifacts(writer: OutputWriter, store: FaultyStore) -> None:
    def outage(url: str) -> StoreError:
        store.faults = [Fault("put", MARKER, busy, times=10**6), Fault("get", MARKER, busy, times=10**6)]
        return busy(url)

    store.faults = [Fault("put", MARKER, outage, after=True)]
    with pytest.raises(StoreError):
        writer.write(OUTPUT, REQUEST)
    assert MARKER in store.keys
    check_invariants(store)


def test_a_commit_refused_for_good_fails_at_once_and_leaves_nothing(
    writer: OutputWriter, store: FaultyStore, clock: Clock
) -> None:
    store.faults = [Fault("put", MARKER, denied)]
    with pytest.raises(StoreError, match=f"memory://faulty/{MARKER}: AccessDenied"):
        writer.write(OUTPUT, REQUEST)
    assert store.keys == []
    assert clock.slept == []


def test_a_refusal_for_good_after_a_doubtful_try_keeps_the_artifacts(
    writer: OutputWriter, store: FaultyStore
) -> None:
    store.faults = [Fault("put", MARKER, busy), Fault("put", MARKER, denied)]
    with pytest.raises(StoreError, match=r"AccessDenied.* is not known"):
        writer.write(OUTPUT, REQUEST)
    assert len(artifacts(store)) == 2


def test_an_artifact_refused_for_good_fails_at_once_and_leaves_nothing(
    writer: OutputWriter, store: FaultyStore, clock: Clock
) -> None:
    store.faults = [Fault("put", "b.0.bin", denied)]
    with pytest.raises(StoreError, match="AccessDenied"):
        writer.write(OUTPUT, REQUEST)
    assert store.keys == []
    assert clock.slept == []
    assert ("put", MARKER) not in store.calls


def test_that_the_cleaning_up_fails_does_not_hide_why(writer: OutputWriter, store: FaultyStore) -> None:
    store.faults = [Fault("put", "b.0.bin", denied), Fault("delete", "a.bin", busy)]
    with pytest.raises(StoreError, match="AccessDenied"):
        writer.write(OUTPUT, REQUEST)
    assert any(method == "delete" and key.endswith("a.bin") for method, key in store.calls)
    # Nothing else is left; not even this, where the refusal came before its upload had begun to read.
    assert {key.rpartition("/")[2] for key in store.keys} <= {"a.bin"}


def test_who_comes_second_returns_the_winner_and_cleans_up(writer: OutputWriter, store: FaultyStore) -> None:
    first = writer.write(OUTPUT, REQUEST)
    before = store.keys
    store.faults = [Fault("put", MARKER, busy), Fault("get", MARKER, busy)]
    assert writer.write({"other": b"output"}, REQUEST) == first
    assert store.keys == before


def test_a_winner_that_may_not_be_read_is_an_error(
    writer: OutputWriter, store: FaultyStore, clock: Clock
) -> None:
    writer.write(OUTPUT, REQUEST)
    store.faults = [Fault("get", MARKER, denied)]
    with pytest.raises(StoreError, match="AccessDenied"):
        writer.write(OUTPUT, REQUEST)
    assert clock.slept == []


def test_that_the_result_cannot_be_read_does_not_end_the_tries_to_store_it(
    writer: OutputWriter, store: FaultyStore, reader: OutputReader
) -> None:
    store.faults = [Fault("put", MARKER, busy), Fault("get", MARKER, denied)]
    reference = writer.write(OUTPUT, REQUEST)
    assert reader.load(REQUEST).truss_outputs.attempt == reference.attempt


def test_a_winner_deleted_meanwhile_is_replaced(
    writer: OutputWriter, store: FaultyStore, reader: OutputReader
) -> None:
    store.faults = [Fault("put", MARKER, AlreadyExists)]
    reference = writer.write(OUTPUT, REQUEST)
    assert reader.load(REQUEST).truss_outputs.attempt == reference.attempt


def test_what_is_no_result_is_not_taken_for_one(writer: OutputWriter, store: FaultyStore) -> None:
    store.inner.put(MARKER, b'{"some": "json"}', content_type="application/json")
    with pytest.raises(CorruptResult, match=f"memory://faulty/{MARKER}: no result of format 1"):
        writer.write(OUTPUT, REQUEST)
    assert store.get(MARKER) == b'{"some": "json"}'


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("key", ["a.bin", "b.0.bin", MARKER])
def test_a_crash_leaves_no_result_or_a_true_one(
    writer: OutputWriter, store: FaultyStore, key: str, after: bool, reader: OutputReader
) -> None:
    store.faults = [Fault("put", key, PowerCut, after=after)]
    with pytest.raises(PowerCut):
        writer.write(OUTPUT, REQUEST)
    assert (MARKER in store.keys) == (key == MARKER and after)
    check_invariants(store)
    retried = OutputWriter(store).write(OUTPUT, REQUEST)
    assert reader.load(REQUEST).truss_outputs.attempt == retried.attempt
    check_invariants(store)


def test_equal_names_do_not_overwrite_each_other(writer: OutputWriter, reader: OutputReader) -> None:
    writer.write(
        [Artifact(b"1", "image/png", name="x.png"), Artifact(b"2", "image/png", name="x.png")], REQUEST
    )
    assert [artifact.data for artifact in reader.value(reader.load(REQUEST))] == [b"1", b"2"]
