"""Storing from coroutines: the event loop goes on, and a cancelled write leaves nothing, or a true result."""

import asyncio
import contextvars
import logging
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import HTTPException

from tests.unit.truss_outputs.faulty_store import FaultyStore
from tests.unit.truss_outputs.model_request import MARKER, REQUEST, request
from truss_outputs import MemoryStore, ModelOutputs, OutputReader, OutputWriter, StoreError, model_outputs
from truss_outputs.awaited_calls import AwaitedCalls
from truss_outputs.stores.transfer import Passing


class HeldStore(FaultyStore):
    """Waits before each put of a key that ends in `held`, until `release` is set."""

    def __init__(self, held: str) -> None:
        super().__init__()
        self.held = held
        self.reached = threading.Event()
        self.release = threading.Event()

    def put(self, key: str, body: Any, *, content_type: str, create: bool = False) -> Any:
        if key.endswith(self.held):
            self.reached.set()
            assert self.release.wait(10)
        return super().put(key, body, content_type=content_type, create=create)


class HeldAnswer(HeldStore):
    """Puts at once, and then waits with the answer."""

    def put(self, key: str, body: Any, *, content_type: str, create: bool = False) -> Any:
        receipt = self.inner.put(key, body, content_type=content_type, create=create)
        if key.endswith(self.held):
            self.reached.set()
            assert self.release.wait(10)
        return receipt


def wait_until_no_write_goes_on() -> None:
    """No thread of the writer's has `commit` on its stack."""
    ends = time.monotonic() + 10
    while any("commit" in functions for functions in _stacks()):
        assert time.monotonic() < ends
        time.sleep(0.001)


def _stacks() -> Iterator[set[str]]:
    frames = sys._current_frames()
    for thread in threading.enumerate():
        frame = frames.get(thread.ident or 0) if thread.name.startswith("truss_outputs-") else None
        yield {each.f_code.co_name for each, _ in traceback.walk_stack(frame)} if frame else set()


async def test_the_loop_ticks_while_a_large_output_is_stored() -> None:
    """The store answers only once the loop has gone round 100 times since it was asked."""
    store = HeldStore(".bin")
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        await asyncio.to_thread(store.reached.wait, 10)
        while ticks < 100:
            ticks += 1
            await asyncio.sleep(0)
        store.release.set()

    output = {"film": bytes(64 * 2**20)}
    answer, _ = await asyncio.gather(ModelOutputs.of_store(store).astore(output, request()), tick())
    assert ticks == 100
    assert answer["url"] == store.url_of(MARKER)


async def test_it_answers_and_fails_as_store_does() -> None:
    outputs = ModelOutputs.of_store(MemoryStore())
    assert (await outputs.astore({"a": 1}, request()))["request_id"] == REQUEST
    with pytest.raises(HTTPException, match="cannot be stored") as caught:
        await outputs.astore(object(), request())
    assert caught.value.status_code == 422


async def test_store_on_a_loop_works_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    model_outputs._warn_of_blocked_loop.cache_clear()
    store = MemoryStore()
    for number in range(3):
        ModelOutputs.of_store(store).store(number, request(f"request-{number}"))
    [record] = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert "await outputs.astore(...)" in record.message
    assert len(list(store.list())) == 3


def test_store_without_a_loop_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    model_outputs._warn_of_blocked_loop.cache_clear()
    ModelOutputs.of_store(MemoryStore()).store(1, request())
    assert not [each for each in caplog.records if each.levelno == logging.WARNING]


async def cancelled_while(store: HeldStore, output: object) -> None:
    task = asyncio.create_task(ModelOutputs.of_store(store).astore(output, request()))
    await asyncio.to_thread(store.reached.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    store.release.set()
    await asyncio.to_thread(wait_until_no_write_goes_on)


async def test_cancelled_in_mid_upload_it_stores_nothing_and_cleans_up() -> None:
    store = HeldStore(".bin")
    await cancelled_while(store, {"a": b"x", "b": b"y"})
    assert ("put", MARKER) not in store.calls
    assert store.keys == []


@pytest.mark.parametrize("output", [b"x", 1])
def test_a_write_that_is_cancelled_before_it_begins_says_so(output: object) -> None:
    cancelled = threading.Event()
    cancelled.set()
    store = FaultyStore()
    with pytest.raises(StoreError, match="not stored: cancelled after"):
        OutputWriter(store).commit(output, REQUEST, cancelled=cancelled)
    assert store.calls == []


async def test_cancelled_while_a_stream_is_read_it_ends_the_stream() -> None:
    ended = threading.Event()
    store = HeldStore("no key")

    def endless() -> Iterator[bytes]:
        try:
            while True:
                store.reached.set()
                yield bytes(2**20)
        finally:
            ended.set()

    await cancelled_while(store, endless())
    assert ended.wait(10)
    assert store.keys == []


async def test_cancelled_while_the_commit_is_on_its_way_its_result_is_true() -> None:
    store = HeldAnswer(MARKER)
    await cancelled_while(store, {"a": b"x"})
    reader = OutputReader(store)
    assert reader.value(reader.load(REQUEST)) == {"a": b"x"}


async def test_a_body_is_not_read_on_once_nobody_waits() -> None:
    """As an engine reads it: part by part."""
    read = 0

    class InParts(HeldStore):
        def put(self, key: str, body: Any, *, content_type: str, create: bool = False) -> Any:
            nonlocal read
            for _ in Passing([b"x"] * 100):
                read += 1
                self.reached.set()
                self.release.wait(10)
            return super().put(key, body, content_type=content_type, create=create)

    store = InParts("no key")
    await cancelled_while(store, b"x")
    assert read == 1
    assert store.keys == []


async def test_a_loop_that_is_closed_meanwhile_is_no_trouble() -> None:
    store = HeldStore(".bin")

    def other_loop() -> None:
        async def main() -> None:
            task = asyncio.create_task(ModelOutputs.of_store(store).astore(b"x", request()))
            await asyncio.to_thread(store.reached.wait, 10)
            task.cancel()

        asyncio.run(main())

    await asyncio.to_thread(other_loop)
    store.release.set()
    await asyncio.to_thread(wait_until_no_write_goes_on)
    assert store.keys == []


async def test_a_failure_is_recorded_while_all_writes_are_held_up() -> None:
    store = HeldStore(".bin")
    outputs = ModelOutputs.of_store(store)
    writes = [asyncio.create_task(outputs.astore(b"x", request(f"r{number}"))) for number in range(60)]
    await asyncio.to_thread(store.reached.wait, 10)
    assert await outputs.astore_failure(ValueError("broke"), request()) is not None
    store.release.set()
    await asyncio.gather(*writes)


async def test_two_thousand_calls_share_forty_threads() -> None:
    calls = AwaitedCalls("crowd")
    most = 0

    def count() -> None:
        nonlocal most
        most = max(most, sum(thread.name == "crowd" for thread in threading.enumerate()))

    await asyncio.gather(*(calls.call(count if number % 100 == 0 else int) for number in range(2_000)))
    assert most <= 40


async def test_a_call_that_is_cancelled_while_it_waits_never_begins() -> None:
    calls = AwaitedCalls("one", at_once=1)
    release = threading.Event()
    begun = []
    first = asyncio.create_task(calls.call(lambda: release.wait(10)))
    second = asyncio.create_task(calls.call(lambda: begun.append("second")))
    third = asyncio.create_task(calls.call(lambda: begun.append("third")))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    release.set()
    assert await first
    await third
    assert begun == ["third"]


async def test_a_call_has_the_context_of_its_task_and_may_raise_anything() -> None:
    variable = contextvars.ContextVar("variable", default="")
    variable.set("mine")
    calls = AwaitedCalls("context")
    assert await calls.call(variable.get) == "mine"
    with pytest.raises(RuntimeError, match="StopIteration"):
        await calls.call(lambda: next(iter(())))
