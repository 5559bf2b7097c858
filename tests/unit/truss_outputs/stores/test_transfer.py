import hashlib
import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truss_outputs.deadline import Deadline, DeadlinePassed, within
from truss_outputs.stores.transfer import PART, Passing, in_parts, part_size, upload_parts, whole_if_small


@given(chunks=st.lists(st.binary(max_size=20)), size=st.integers(1, 12))
def test_parts_are_the_same_bytes(chunks: list[bytes], size: int) -> None:
    passing = Passing(chunks)
    parts = list(in_parts(passing, size))
    whole = b"".join(chunks)
    assert b"".join(parts) == whole
    assert all(len(part) == size for part in parts[:-1])
    assert len(parts) == -(-len(whole) // size)
    assert (passing.receipt.size, passing.receipt.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())


@given(chunks=st.lists(st.binary(max_size=20)), limit=st.integers(0, 40))
def test_a_small_body_is_had_whole_and_a_large_one_in_all_its_chunks(chunks: list[bytes], limit: int) -> None:
    whole, rest = whole_if_small(iter(chunks), limit)
    expected = b"".join(chunks)
    assert (whole is None) == (len(expected) > limit)
    assert (b"" if whole is None else whole) + b"".join(rest) == expected


def test_what_a_producer_raised_is_kept() -> None:
    error = ValueError("mine")

    def broken() -> object:
        yield b"x"
        raise error

    passing = Passing(broken())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mine"):
        list(passing)
    assert passing.error is error
    assert passing.receipt.size == 1


@pytest.mark.parametrize("size", [0, PART, 10_000 * PART, 10_000 * PART + 1, 2**40])
def test_no_file_has_more_parts_than_a_service_allows(tmp_path: Path, size: int) -> None:
    file = tmp_path / "sparse"
    file.touch()
    os.truncate(file, size)
    assert part_size(file) >= PART
    assert part_size(file) * 10_000 >= size


def test_a_stream_and_small_bytes_go_in_the_smallest_parts() -> None:
    assert part_size(b"x") == part_size(iter([b"x"])) == PART


def test_after_the_deadline_a_body_is_read_no_further() -> None:
    deadline = Deadline(60)
    with within(deadline):
        passing = Passing([b"a", b"b", b"c"])
    assert next(passing) == b"a"
    deadline.end()
    with pytest.raises(DeadlinePassed):
        next(passing)
    assert isinstance(passing.error, DeadlinePassed)


def test_parts_go_up_side_by_side_on_threads_that_hold_up_no_process() -> None:
    together = threading.Barrier(4)
    daemons = []

    def put(number: int, part: bytes) -> int:
        daemons.append(threading.current_thread().daemon)
        together.wait(5)
        return number

    assert upload_parts(put, [b"x"] * 8, name="tested-parts") == list(range(1, 9))
    assert daemons == [True] * 8
    assert "tested-parts" not in [thread.name for thread in threading.enumerate()]


def test_no_part_arrives_after_one_has_failed() -> None:
    arrived = threading.Event()

    def put(number: int, part: bytes) -> None:
        if number == 1:
            raise ValueError("refused")
        time.sleep(0.02)
        arrived.set()

    with pytest.raises(ValueError, match="refused"):
        upload_parts(put, [b"x"] * 2, name="tested-parts")
    assert arrived.is_set()
