"""What looks after a store, on each: the check before the first request, and the search for leftovers."""

from datetime import UTC, datetime, timedelta

from truss_outputs import OutputReader, OutputWriter, Store
from truss_outputs.results.failures import failure_key
from truss_outputs.results.orphans import orphans
from truss_outputs.stores.probe import FOLDER, probe, require

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
