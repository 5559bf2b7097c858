"""A write ends by its deadline, cleans up in little time, and stores its artifacts side by side."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.truss_outputs.faulty_store import Clock, Fault, FaultyStore
from tests.unit.truss_outputs.model_request import MARKER, REQUEST
from truss_outputs import Backoff, OutputReader, OutputWriter, StoreError
from truss_outputs.results.uploads import AT_ONCE

TEN = {f"a{number}": bytes([number]) for number in range(10)}


def busy(url: str) -> StoreError:
    return StoreError(url, "SlowDown: too many requests")


def denied(url: str) -> StoreError:
    return StoreError(url, "AccessDenied", is_transient=False)


class SilentStore(FaultyStore):
    """Never answers a put of `silent` keys until `release` is set."""

    silent = ".bin"

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def put(self, key: str, body: Any, *, content_type: str, create: bool = False) -> Any:
        if key.endswith(self.silent):
            self.calls.append(("put", key))
            self.release.wait(10)
            raise StoreError(self.url_of(key), "released")
        return super().put(key, body, content_type=content_type, create=create)


@pytest.fixture
def silent() -> Iterator[SilentStore]:
    store = SilentStore()
    yield store
    store.release.set()


def test_a_bucket_that_never_answers_ends_the_write_and_nothing_is_deleted(silent: SilentStore) -> None:
    started = time.monotonic()
    with pytest.raises(StoreError, match=r"not stored within 0\.\d s; the last answer: none came") as caught:
        OutputWriter(silent, backoff=Backoff(budget=0.2)).write(TEN, REQUEST)
    assert time.monotonic() - started < 1
    assert caught.value.is_transient
    assert {method for method, _ in silent.calls} == {"put"}
    assert len(silent.calls) == AT_ONCE


def test_a_commit_that_is_never_answered_is_of_unknown_fate(silent: SilentStore) -> None:
    silent.silent = MARKER
    with pytest.raises(StoreError, match="none came; whether the result was stored is not known"):
        OutputWriter(silent, backoff=Backoff(budget=0.2)).write({"a": b"x"}, REQUEST)
    assert len(silent.keys) == 1


def test_ten_artifacts_against_a_dead_bucket_share_one_deadline(
    writer: OutputWriter, store: FaultyStore, clock: Clock
) -> None:
    store.faults = [Fault("put", ".bin", busy, times=10**6)]
    with pytest.raises(StoreError, match=r"SlowDown.*; tried \d+ times, given up after \d+\.\d s"):
        writer.write(TEN, REQUEST)
    assert clock.now <= 20 + AT_ONCE * 2.0  # each of the threads may move the clock by one pause
    assert ("put", MARKER) not in store.calls
    assert "delete" not in {method for method, _ in store.calls}


@pytest.mark.prove
def test_no_thread_outlives_a_write_for_long(silent: SilentStore) -> None:
    with pytest.raises(StoreError):
        OutputWriter(silent, backoff=Backoff(budget=0.1)).write(TEN, REQUEST)
    mine = [each for each in threading.enumerate() if each.name == "truss_outputs-write"]
    assert all(each.daemon for each in mine)
    silent.release.set()
    for each in mine:
        each.join(5)
        assert not each.is_alive()


def test_only_keys_that_were_tried_are_deleted(writer: OutputWriter, store: FaultyStore) -> None:
    store.faults = [Fault("put", "a0.bin", denied)]
    with pytest.raises(StoreError, match="AccessDenied"):
        writer.write({f"a{number}": b"x" for number in range(100)}, REQUEST)
    tried = {key for method, key in store.calls if method == "put"}
    assert {key for method, key in store.calls if method == "delete"} == tried
    assert len(tried) < 100
    assert store.keys == []


def test_cleaning_up_ends_within_two_seconds() -> None:
    """On the clock of the write, which the first delete moves on."""
    clock = Clock()

    class Slow(FaultyStore):
        def delete(self, key: str) -> None:
            clock.sleep(2.0)
            super().delete(key)

    store = Slow([Fault("put", "z.bin", denied)])
    with pytest.raises(StoreError, match="AccessDenied"):
        OutputWriter(store, backoff=clock.backoff()).write({**TEN, "z": b"x"}, REQUEST)
    assert len([method for method, _ in store.calls if method == "delete"]) <= 8


class RoundsStore(FaultyStore):
    """Answers artifacts in rounds: a round ends once all uploads that can be under way are."""

    def __init__(self, total: int, at_once: int) -> None:
        super().__init__()
        self.rounds = 0
        self._left = total
        self._at_once = at_once
        self._waiting = 0
        self._changed = threading.Condition()

    def put(self, key: str, body: Any, *, content_type: str, create: bool = False) -> Any:
        if not create:
            with self._changed:
                self._waiting += 1
                mine = self.rounds
                if self._waiting == min(self._at_once, self._left):
                    self._left -= self._waiting
                    self._waiting = 0
                    self.rounds += 1
                    self._changed.notify_all()
                assert self._changed.wait_for(lambda: self.rounds > mine, timeout=5)
        return super().put(key, body, content_type=content_type, create=create)


@pytest.mark.parametrize("size", [1, 1024 * 1024])
def test_twenty_artifacts_take_two_rounds(size: int) -> None:
    store = RoundsStore(20, AT_ONCE)
    output = [bytes([number]) * size for number in range(20)]
    OutputWriter(store).write(output, REQUEST)
    assert store.rounds == 2
    reader = OutputReader(store)
    assert reader.value(reader.load(REQUEST)) == output


def test_few_large_bodies_are_on_their_way_at_once() -> None:
    """Two of 8 MiB beside each other, and of longer ones or streams only one."""
    held = 0
    most = 0
    lock = threading.Lock()

    class Counting(FaultyStore):
        def put(self, key: str, body: Any, *, content_type: str, create: bool = False) -> Any:
            nonlocal held, most
            with lock:
                held += 1
                most = max(most, held)
            try:
                return super().put(key, body, content_type=content_type, create=create)
            finally:
                with lock:
                    held -= 1

    OutputWriter(Counting()).write([iter([b"x" * 1000] * 200) for _ in range(5)], REQUEST)
    assert most == 1
    OutputWriter(Counting()).write([bytes(8 * 1024 * 1024) for _ in range(5)], "another")
    assert most <= 2


def test_a_stream_is_read_on_the_thread_that_made_it(writer: OutputWriter, reader: OutputReader) -> None:
    threads = set()

    def produced() -> Iterator[bytes]:
        for number in range(200):
            threads.add(threading.get_ident())
            yield bytes([number])

    writer.write([produced()], REQUEST)
    assert threads == {threading.get_ident()}
    assert reader.value(reader.load(REQUEST)) == [bytes(range(200))]


def test_the_time_that_a_model_takes_for_a_stream_does_not_count(
    writer: OutputWriter, reader: OutputReader, clock: Clock
) -> None:
    def produced() -> Iterator[bytes]:
        for _ in range(100):
            clock.now += 60
            yield b"x" * 2**20

    writer.write([produced(), b"small"], REQUEST)
    assert clock.now == 6_000
    assert reader.load(REQUEST).truss_outputs.artifacts[0].size == 100 * 2**20


def test_an_interrupt_in_mid_upload_leaves_no_result_and_ends_the_upload() -> None:
    def interrupted() -> Iterator[bytes]:
        yield from [b"x"] * 100
        raise KeyboardInterrupt

    store = FaultyStore()
    with pytest.raises(KeyboardInterrupt):
        OutputWriter(store, backoff=Backoff(budget=5)).write([interrupted()], REQUEST)
    assert store.keys == []


@pytest.mark.parametrize(("seconds", "is_watched"), [(5.0, False), (60.0, True), (None, True)])
def test_a_commit_that_ends_by_itself_needs_no_other_thread(
    seconds: float | None, is_watched: bool, clock: Clock
) -> None:
    class Told(FaultyStore):
        def put_seconds(self, size: int) -> float | None:
            return seconds

        def put(self, key: str, body: Any, *, content_type: str, create: bool = False) -> Any:
            threads.append(threading.current_thread())
            return super().put(key, body, content_type=content_type, create=create)

    threads: list[threading.Thread] = []
    OutputWriter(Told(), backoff=clock.backoff()).write({"a": 1}, REQUEST)
    assert [each is not threading.current_thread() for each in threads] == [is_watched]
