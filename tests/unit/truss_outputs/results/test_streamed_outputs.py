"""Files and iterators in an output: stored as they are, once, whole or not at all."""

import asyncio
import io
import os
import tempfile
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.truss_outputs.faulty_store import Clock, Fault, FaultyStore
from tests.unit.truss_outputs.model_request import REQUEST
from truss_outputs import Artifact, LocalStore, OutputReader, OutputWriter, StoreError, UnstorableOutput
from truss_outputs.values.payload import driven


def stored(reader: OutputReader) -> list[tuple[str, str, Any]]:
    """Each artifact's name and content type, and the value that is read again."""
    result = reader.load(REQUEST)
    value = reader.value(result)
    return [(each.name, each.content_type, value[each.path[0]]) for each in result.truss_outputs.artifacts]


def chunks(*parts: bytes) -> Iterator[bytes]:
    yield from parts


async def later(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(0)
        yield part


def test_a_path_is_the_file_behind_it(writer: OutputWriter, tmp_path: Path, reader: OutputReader) -> None:
    (tmp_path / "My clip.mp4").write_bytes(b"film")
    (tmp_path / "x.tar.gz").write_bytes(b"zipped")
    writer.write([tmp_path / "My clip.mp4", tmp_path / "x.tar.gz"], REQUEST)
    assert stored(reader) == [
        ("My_clip.mp4", "video/mp4", b"film"),
        ("x.tar.gz", "application/gzip", b"zipped"),
    ]


def test_a_path_that_leads_to_no_file_writes_nothing(
    writer: OutputWriter, store: FaultyStore, tmp_path: Path
) -> None:
    with pytest.raises(
        UnstorableOutput, match=r"output\.a\[1\]: .*Path'> cannot be stored: there is no file"
    ):
        writer.write({"a": [1, tmp_path / "absent"]}, REQUEST)
    with pytest.raises(UnstorableOutput, match="is a folder"):
        writer.write(tmp_path, REQUEST)
    assert store.calls == []


def test_open_files_are_stored_whole(writer: OutputWriter, tmp_path: Path, reader: OutputReader) -> None:
    receiving, sending = os.pipe()
    os.write(sending, b"piped")
    os.close(sending)
    with (
        (tmp_path / "a.wav").open("w+b") as written,
        (tmp_path / "b.txt").open("w+") as text,
        tempfile.TemporaryFile() as nameless,
        os.fdopen(receiving, "rb") as pipe,
    ):
        written.write(b"sound")
        text.write("été")
        nameless.write(b"temporary")
        memory = io.BytesIO()
        memory.write(b"in memory")
        writer.write([written, text, nameless, pipe, memory, io.StringIO("text")], REQUEST)
        assert not written.closed
    octets = "application/octet-stream"
    assert stored(reader) == [
        ("a.wav", "audio/x-wav", b"sound"),
        ("b.txt", "text/plain", "été"),
        ("2.bin", octets, b"temporary"),
        ("3.bin", octets, b"piped"),
        ("4.bin", octets, b"in memory"),
        ("5.txt", "text/plain; charset=utf-8", "text"),
    ]


def test_a_named_temporary_file_is_stored(writer: OutputWriter, reader: OutputReader) -> None:
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        file.write(b"png")
        writer.write([file], REQUEST)
        assert stored(reader) == [(Path(file.name).name, "image/png", b"png")]


def test_iterators_are_stored(writer: OutputWriter, reader: OutputReader) -> None:
    output = [chunks(b"a", b"", b"b"), later(b"c", b"d"), iter([b"e"]), Artifact(later(b"f"), "video/mp4")]
    writer.write(output, REQUEST)
    *streams, artifact = stored(reader)
    assert [value for _, _, value in streams] == [b"ab", b"cd", b"e"]
    assert artifact == ("3.mp4", "video/mp4", Artifact(b"f", "video/mp4", name="3.mp4"))


async def test_an_async_iterator_is_stored_from_within_a_loop(
    writer: OutputWriter, reader: OutputReader
) -> None:
    writer.write([later(b"a", b"b")], REQUEST)
    assert [value for _, _, value in stored(reader)] == [b"ab"]


def broken() -> Iterator[bytes]:
    yield b"x" * 100
    raise OSError("hf_secret is no token")


async def broken_later() -> AsyncIterator[bytes]:
    yield b"x" * 100
    raise LookupError


def at_once() -> Iterator[bytes]:
    raise LookupError
    yield b""


def text(*parts: str) -> Iterator[str]:
    yield from parts


async def later_text(*parts: str) -> AsyncIterator[str]:
    for part in parts:
        await asyncio.sleep(0)
        yield part


def test_an_iterator_of_text_is_text(writer: OutputWriter, reader: OutputReader) -> None:
    output = [text("", "é", "té"), later_text("a", "b"), iter(["c"]), text(""), text(), chunks(b"")]
    writer.write([*output, Artifact(text("d"), "text/markdown")], REQUEST)
    *streams, artifact = stored(reader)
    plain, binary = "text/plain; charset=utf-8", "application/octet-stream"
    assert streams == [
        ("0.txt", plain, "été"),
        ("1.txt", plain, "ab"),
        ("2.txt", plain, "c"),
        ("3.txt", plain, ""),
        ("4.bin", binary, b""),
        ("5.bin", binary, b""),
    ]
    assert artifact[2].data == b"d"


def test_text_is_streamed(tmp_path: Path) -> None:
    store, held = LocalStore(tmp_path), 0

    def tokens() -> Iterator[str]:
        nonlocal held
        for number in range(64):
            held = max(held, tracemalloc.get_traced_memory()[0])
            yield f"{number}" * 2**19

    tracemalloc.start()
    try:
        OutputWriter(store).write({"answer": tokens()}, REQUEST)
        assert held < 8 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (["a", b"b"], "a chunk is <class 'bytes'>, where text is due"),
        ([b"a", "b"], "a chunk is <class 'str'>, where bytes are due"),
        ([1], "a chunk is <class 'int'>, where bytes are due"),
        (["\ud800"], "a chunk is not valid Unicode"),
    ],
)
def test_a_chunk_that_cannot_be_stored_is_named_and_will_be_again(
    writer: OutputWriter, store: FaultyStore, parts: list[Any], reason: str
) -> None:
    with pytest.raises(UnstorableOutput) as caught:
        writer.write({"film": iter(parts)}, REQUEST)
    assert str(caught.value) == f"output.film: <class 'list_iterator'> cannot be stored: {reason}"
    assert not caught.value.is_transient
    assert store.keys == []


@pytest.mark.parametrize(
    ("stream", "problem"),
    [(broken, "OSError"), (broken_later, "LookupError"), (at_once, "LookupError")],
)
@pytest.mark.parametrize("place", ["memory", "folder"])
def test_a_producer_that_raises_leaves_nothing(
    store: FaultyStore, tmp_path: Path, stream: Any, problem: str, place: str
) -> None:
    target = store if place == "memory" else LocalStore(tmp_path)
    with pytest.raises(UnstorableOutput) as caught:
        OutputWriter(target).write({"a": b"first", "film": [stream()]}, REQUEST)
    kind = "async_generator" if stream is broken_later else "generator"
    reason = f"cannot be stored: it raised {problem} while it was read"
    assert str(caught.value) == f"output.film[0]: <class '{kind}'> {reason}"
    assert caught.value.is_transient
    assert type(caught.value.__cause__).__name__ == problem
    assert list(target.list()) == []


def test_a_stream_is_put_once_and_closed(writer: OutputWriter, store: FaultyStore, clock: Clock) -> None:
    ended: list[str] = []

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            ended.append("ended")

    store.faults = [Fault("put", ".bin", lambda url: StoreError(url, "SlowDown"))]
    with pytest.raises(StoreError, match="SlowDown"):
        writer.write([endless()], REQUEST)
    assert clock.slept == []
    assert store.keys == []
    assert ended == ["ended"]
    ended.clear()

    class Full(FaultyStore):
        def put(self, key: str, body: Any, *, content_type: str, create: bool = False) -> Any:
            next(iter(body))
            raise StoreError(key, "QuotaExceeded", is_transient=False)

    stream = endless()  # kept here, so that only the writer can end it
    with pytest.raises(StoreError, match="QuotaExceeded"):
        OutputWriter(Full()).write([stream], REQUEST)
    assert ended == ["ended"]
    assert next(stream, None) is None


def test_a_file_is_put_again(
    writer: OutputWriter, store: FaultyStore, clock: Clock, tmp_path: Path, reader: OutputReader
) -> None:
    (tmp_path / "x.bin").write_bytes(b"file")
    store.faults = [Fault("put", "x.bin", lambda url: StoreError(url, "SlowDown"), times=2)]
    writer.write([tmp_path / "x.bin"], REQUEST)
    assert len(clock.slept) == 2
    assert [value for _, _, value in stored(reader)] == [b"file"]


def test_a_file_that_is_gone_when_it_is_stored_is_named(
    store: FaultyStore, tmp_path: Path, writer: OutputWriter
) -> None:
    output = {"a": b"first", "b": [Artifact(tmp_path / "gone", "video/mp4")]}
    with pytest.raises(UnstorableOutput, match=r"output\.b\[0\]: .* it raised FileNotFoundError"):
        writer.write(output, REQUEST)
    assert store.keys == []


def test_a_stream_cannot_be_in_two_places(writer: OutputWriter, store: FaultyStore) -> None:
    stream = chunks(b"x")
    with pytest.raises(UnstorableOutput, match=r"output\.b: .* the output holds it twice"):
        writer.write({"a": stream, "b": stream}, REQUEST)
    assert store.calls == []


def test_a_stream_that_is_used_up_is_not_taken_for_an_empty_one(writer: OutputWriter) -> None:
    stream = chunks(b"x")
    list(stream)
    with pytest.raises(UnstorableOutput, match="it is used up already"):
        writer.write([stream], REQUEST)
    async_stream = later(b"x")
    list(driven(async_stream))
    with pytest.raises(UnstorableOutput, match="it is used up already"):
        writer.write([async_stream], REQUEST)


def test_a_stream_is_never_held_whole(tmp_path: Path) -> None:
    megabyte, store = b"x" * 2**20, LocalStore(tmp_path / "store")
    tracemalloc.start()
    try:
        OutputWriter(store).write([(megabyte for _ in range(64))], REQUEST)
        reader = OutputReader(store)
        result = reader.load(REQUEST)
        [artifact] = result.truss_outputs.artifacts
        assert sum(map(len, reader.stream(result, artifact))) == artifact.size == 64 * 2**20
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()
