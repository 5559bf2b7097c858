"""Bodies that are files and streams, asked of every store."""

import hashlib
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from truss_outputs import AlreadyExists, InvalidKey, MemoryStore, ObjectNotFound, Store

BINARY = "application/octet-stream"
MB = 1_000_000
CHUNK = os.urandom(MB)


def stream(megabytes: int) -> Iterator[bytes]:
    for _ in range(megabytes):
        yield CHUNK


def digest(chunks: Iterator[bytes]) -> str:
    whole = hashlib.sha256()
    for chunk in chunks:
        whole.update(chunk)
    return whole.hexdigest()


@pytest.mark.parametrize(
    "chunks",
    [[], [b""], [b"one"], [b"one", b"", b"two"], [bytearray(b"one"), memoryview(b"two")]],
    ids=["none", "empty", "one", "some", "buffers"],
)
def test_a_stream_is_stored_as_one_object(store: Store, chunks: list[bytes]) -> None:
    receipt = store.put("a/stream", iter(chunks), content_type="text/plain")
    whole = b"".join(chunks)
    assert store.get("a/stream") == whole
    assert (receipt.size, receipt.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert store.head("a/stream").size == len(whole)


@pytest.mark.parametrize("size", [0, 1, 8 * 1024 * 1024, 17 * MB])
def test_a_file_is_stored_as_one_object(store: Store, tmp_path: Path, size: int) -> None:
    file = tmp_path / "body"
    file.write_bytes(os.urandom(size))
    receipt = store.put("a/x.png", file, content_type="image/png", create=True)
    assert receipt.sha256 == hashlib.sha256(file.read_bytes()).hexdigest() == digest(store.open("a/x.png"))
    info = store.head("a/x.png")
    assert (info.size, info.content_type) == (receipt.size, "image/png") == (size, "image/png")
    assert info.sha256 in (None, receipt.sha256)


def test_a_long_stream_comes_back_whole(store: Store) -> None:
    receipt = store.put("long.bin", stream(20), content_type=BINARY)
    assert receipt.size == store.head("long.bin").size == 20 * MB
    assert receipt.sha256 == digest(stream(20)) == digest(store.open("long.bin"))
    assert [entry.size for entry in store.list()] == [20 * MB]


@pytest.mark.prove
def test_a_stream_is_not_held_whole(store: Store) -> None:
    if isinstance(store, MemoryStore):
        pytest.skip("it holds what it stores")
    store.put("warm.bin", stream(9), content_type=BINARY)
    tracemalloc.start()
    try:
        store.put("long.bin", stream(80), content_type=BINARY)
        size = sum(len(chunk) for chunk in store.open("long.bin"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 80 * MB
    assert peak < 64 * MB


@pytest.mark.parametrize("megabytes", [0, 1, 20])
@pytest.mark.parametrize("error", [ValueError("the model broke"), ConnectionResetError("upstream")])
def test_a_producer_that_raises_leaves_nothing(store: Store, megabytes: int, error: Exception) -> None:
    def broken() -> Iterator[bytes]:
        yield from stream(megabytes)
        raise error

    for create in (False, True):
        with pytest.raises(type(error)) as caught:
            store.put("r/broken.bin", broken(), content_type=BINARY, create=create)
        assert caught.value is error
    assert list(store.list()) == []
    with pytest.raises(ObjectNotFound):
        store.head("r/broken.bin")


def test_a_producer_that_raises_leaves_what_was_there(store: Store) -> None:
    store.put("r/a.bin", b"before", content_type=BINARY)

    def broken() -> Iterator[bytes]:
        yield from stream(20)
        raise ValueError("the model broke")

    with pytest.raises(ValueError, match="the model broke"):
        store.put("r/a.bin", broken(), content_type=BINARY)
    assert store.get("r/a.bin") == b"before"


@pytest.mark.parametrize("chunk", ["text", 5, None])
def test_a_stream_of_something_else_is_refused(store: Store, chunk: object) -> None:
    with pytest.raises(TypeError, match=f"yielded {type(chunk).__name__}"):
        store.put("a", iter([b"bytes", chunk]), content_type=BINARY)  # type: ignore[arg-type]
    assert list(store.list()) == []


def test_an_absent_file_is_the_callers_error(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        store.put("a", tmp_path / "absent", content_type=BINARY)
    assert caught.value.filename == str(tmp_path / "absent")
    assert list(store.list()) == []


@pytest.mark.parametrize("megabytes", [1, 20])
def test_a_created_stream_never_overwrites(store: Store, megabytes: int) -> None:
    store.put("a", b"first", content_type=BINARY, create=True)
    with pytest.raises(AlreadyExists):
        store.put("a", stream(megabytes), content_type=BINARY, create=True)
    assert store.get("a") == b"first"


def test_what_is_absent_cannot_be_opened(store: Store) -> None:
    store.put("folder/there", b"", content_type=BINARY)
    for key in ("absent", "folder"):
        with pytest.raises(ObjectNotFound):
            store.open(key)
    with pytest.raises(InvalidKey):
        store.open("../outside")
    assert b"".join(store.open("folder/there")) == b""


def test_an_opened_object_may_be_left_unread(store: Store) -> None:
    store.put("a", stream(3), content_type=BINARY)
    store.open("a")
    chunks = store.open("a")
    assert (3 * CHUNK).startswith(next(chunks))
    del chunks
    store.delete("a")
