import asyncio
import contextvars
import io
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from truss_outputs.values.payload import Chunks, driven

WHO = contextvars.ContextVar("WHO", default="nobody")


async def counted(end: int, closed: list[str] | None = None) -> AsyncIterator[bytes]:
    try:
        for number in range(end):
            await asyncio.sleep(0)
            yield b"%d" % number
    finally:
        if closed is not None:
            closed.append("closed")


def test_an_async_iterator_is_driven() -> None:
    assert list(driven(counted(3))) == [b"0", b"1", b"2"]


async def test_it_is_driven_where_a_loop_is_running_too() -> None:
    assert list(driven(counted(3))) == [b"0", b"1", b"2"]


def test_one_left_early_is_closed_and_its_thread_ends() -> None:
    closed: list[str] = []
    chunks = Chunks(counted(10**9, closed))
    assert next(chunks) == b"0"
    mine = [thread for thread in threading.enumerate() if thread.name.startswith("truss_outputs-stream")]
    assert all(thread.daemon for thread in mine)
    chunks.close()
    assert closed == ["closed"]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("truss_outputs-stream")]


def test_it_sees_the_context_of_who_made_it() -> None:
    async def who() -> AsyncIterator[str]:
        yield WHO.get()

    token = WHO.set("me")
    iterator = driven(who())
    WHO.reset(token)
    assert list(iterator) == ["me"]


def test_what_an_async_iterator_raises_is_raised() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise ZeroDivisionError

    chunks = Chunks(broken())
    assert next(chunks) == b"x"
    with pytest.raises(ZeroDivisionError):
        next(chunks)
    assert isinstance(chunks.error, ZeroDivisionError)


def test_a_generator_left_early_is_closed() -> None:
    closed: list[str] = []

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            closed.append("closed")

    chunks = Chunks(endless())
    next(chunks)
    chunks.close()
    assert closed == ["closed"]


def test_a_chunk_is_bytes_and_never_empty() -> None:
    kinds: list[bytes | bytearray | memoryview] = [bytearray(b"a"), b"", memoryview(b"b")]
    assert list(Chunks(iter(kinds))) == [b"a", b"b"]
    mixed: list[Any] = [b"a", "b"]
    chunks = Chunks(iter(mixed))
    with pytest.raises(TypeError, match="a chunk is <class 'str'>, where bytes are due"):
        list(chunks)
    assert isinstance(chunks.error, TypeError)


def test_a_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    with (tmp_path / "x").open("w+b") as file:
        file.write(b"written")
        assert b"".join(Chunks(file)) == b"written"
        assert b"".join(Chunks(file)) == b"written"
    with tempfile.NamedTemporaryFile() as temporary:
        temporary.write(b"temporary")
        assert b"".join(Chunks(temporary)) == b"temporary"


def test_text_is_utf_8(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("été", encoding="latin-1")
    with (tmp_path / "x").open(encoding="latin-1") as file:
        assert b"".join(Chunks(file)) == "été".encode()


def test_a_pipe_is_read_from_where_it_is() -> None:
    receiving, sending = os.pipe()
    with os.fdopen(receiving, "rb") as pipe:
        os.write(sending, b"piped")
        os.close(sending)
        assert b"".join(Chunks(pipe)) == b"piped"


def test_a_file_that_has_nothing_yet_has_no_end() -> None:
    class Socket(io.RawIOBase):
        def read(self, size: int = -1) -> Any:
            return None

    with pytest.raises(BlockingIOError):
        list(Chunks(Socket()))


def test_a_file_is_read_in_pieces() -> None:
    class Endless(io.RawIOBase):
        asked: list[int] = []  # noqa: RUF012

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            self.asked.append(size)
            return b"x" * size

    file = Endless()
    assert len(next(Chunks(file))) == 1024 * 1024
    assert file.asked == [1024 * 1024]
