from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truss_outputs import (
    InvalidRequestId,
    LocalStore,
    MemoryStore,
    ObjectEntry,
    OutputReader,
    OutputWriter,
    Store,
)
from truss_outputs.results.failures import failure_key
from truss_outputs.results.orphans import delete, orphans, orphans_of, suspects
from truss_outputs.stores.probe import FOLDER as PROBES

NOW = datetime(2026, 11, 21, tzinfo=UTC)
OLD = NOW - timedelta(days=8)
WEEK_AGO = NOW - timedelta(days=7)
A, B = "a" * 32, "b" * 32


def entry(key: str, modified: datetime = OLD) -> ObjectEntry:
    return ObjectEntry(key=key, size=1, modified=modified)


def put(store: Store, *keys: str) -> None:
    for key in keys:
        store.put(key, b"x", content_type="text/plain")


def keys_of(store: Store, before: datetime | None = None) -> list[str]:
    soon = datetime.now(UTC) + timedelta(hours=1)
    return [orphan.entry.key for orphan in orphans(store, before=before or soon)]


def found(*entries: ObjectEntry, winner: str | None = None) -> list[str]:
    listed = sorted(entries, key=lambda each: each.key.encode())
    return [
        orphan.entry.key for each in suspects(listed, before=WEEK_AGO) for orphan in orphans_of(each, winner)
    ]


def test_what_no_attempt_committed_is_found() -> None:
    assert found(entry(f"r1/{A}/x"), entry(f"r1/{B}/x")) == [f"r1/{A}/x", f"r1/{B}/x"]


def test_what_the_winner_wrote_is_not() -> None:
    assert found(entry(f"r1/{A}/x"), entry(f"r1/{B}/x"), entry("r1/result.json"), winner=A) == [f"r1/{B}/x"]


def test_an_attempt_is_as_young_as_its_newest_object() -> None:
    assert found(entry(f"r1/{A}/x"), entry(f"r1/{A}/y", NOW), entry(f"r1/{B}/x")) == [f"r1/{B}/x"]
    assert found(entry(f"r1/{A}/x", WEEK_AGO)) == []


def test_an_error_record_goes_only_when_it_is_old_and_there_is_a_result() -> None:
    old, young = entry("r1/errors/x.json"), entry("r1/errors/y.json", NOW)
    assert found(old, young) == []
    assert found(old, young, winner=A) == ["r1/errors/x.json"]


@pytest.mark.parametrize(
    "key",
    [
        "r1/result.json",
        "r1/x",
        "x",
        f"r1/{A}/deeper/x",
        f"r1/{A}x/y",
        "r1/not-an-attempt/x",
        f"my.backups/{A}/x",
        f"inputs/{A}/x",
        f"keys/{A}/x",
        f"{'r' * 129}/{A}/x",
    ],
)
def test_what_this_package_did_not_write_is_left_alone(key: str) -> None:
    assert found(entry(key)) == []


def test_requests_whose_names_begin_alike_are_kept_apart() -> None:
    assert found(entry(f"r/{A}/x"), entry(f"r-1/{A}/x"), entry(f"r0/{A}/x")) == [
        f"r-1/{A}/x",
        f"r/{A}/x",
        f"r0/{A}/x",
    ]


def test_in_a_store() -> None:
    store = MemoryStore()
    winner = OutputWriter(store).write({"image": b"x"}, "done").attempt
    put(store, f"done/{A}/image.bin", failure_key("done", B), failure_key("lost", B), f"lost/{A}/x")
    put(store, f"broken/{A}/x", "broken/result.json", f"{PROBES}/{A}", "else/where.txt")
    assert keys_of(store) == [f"done/{A}/image.bin", f"done/errors/{B}.json", f"lost/{A}/x", f"{PROBES}/{A}"]
    assert keys_of(store, before=datetime.now(UTC) - timedelta(hours=1)) == []
    assert store.get(f"done/{winner}/image.bin") == b"x"


def test_a_result_committed_after_the_listing_counts() -> None:
    class Late(MemoryStore):
        def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
            listed = [*super().list(prefix)]
            if not prefix:
                self.put("r1/result.json", marker, content_type="application/json")
            yield from listed

    store = Late()
    attempt = OutputWriter(store).write({"image": b"x"}, "r1").attempt
    marker = store.get("r1/result.json")
    store.delete("r1/result.json")
    assert keys_of(store) == []
    assert store.get(f"r1/{attempt}/image.bin") == b"x"


_REQUESTS = st.sampled_from(["r1", "r2", "inputs", "keys", "x.y"])
_IMPOSSIBLE = {"inputs", "keys", "x.y"}
_FOLDERS = st.sampled_from([A, B, "errors", "other"])


@given(
    st.dictionaries(_REQUESTS, st.integers(0, 2)),
    st.lists(st.tuples(_REQUESTS, _FOLDERS, st.sampled_from(["x", "y/z", "result.json"]))),
)
def test_whatever_lies_there_every_result_stays_whole(results, others) -> None:
    store = MemoryStore()
    for request_id, artifacts in results.items():
        if request_id not in _IMPOSSIBLE:
            OutputWriter(store).write([b"x"] * artifacts, request_id)
    put(store, *("/".join(other) for other in others))
    for key in keys_of(store):
        assert not key.endswith("r1/result.json")
        store.delete(key)
    reader = OutputReader(store)
    for request_id, artifacts in results.items():
        if request_id not in _IMPOSSIBLE:
            assert reader.value(reader.load(request_id)) == [b"x"] * artifacts
    assert keys_of(store) == []


@pytest.mark.parametrize("request_id", ["inputs", "keys", "inputs:ray:user"])
def test_no_request_is_called_as_a_folder_that_gc_spares(request_id: str) -> None:
    with pytest.raises(InvalidRequestId):
        OutputWriter(MemoryStore()).write(b"x", request_id)


def test_what_interrupted_writes_left_in_a_folder_is_found(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    OutputWriter(store).write(b"x", "r1")
    left = tmp_path / f"r1/.{A}"
    left.write_bytes(b"half")
    assert keys_of(store, before=datetime.now(UTC) - timedelta(hours=1)) == []
    [orphan] = orphans(store, before=datetime.now(UTC) + timedelta(hours=1))
    assert (orphan.entry.key, orphan.reason) == (f"r1/.{A}", "a write was interrupted")
    delete(store, orphan)
    assert not left.exists()
    assert OutputReader(store).value(OutputReader(store).load("r1")) == b"x"
