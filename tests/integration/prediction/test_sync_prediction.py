"""Sync predictions: how long they wait, how long they run, what their caller is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from async_emulator.api.answered_prediction import AnsweredPrediction
from async_emulator.clock import ManualClock
from async_emulator.errors import ReplicaUnreachable
from async_emulator.prediction.capacity import Capacity, ReplicaSlots
from async_emulator.prediction.sync_prediction import SyncPrediction
from tests.fake_model import FakeModel


class SilentModel(FakeModel):
    """Never answers, unless it is gone."""

    is_gone = False

    @asynccontextmanager
    async def forward(
        self, body: bytes, headers: Mapping[str, str], request_id: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self.is_gone:
            raise ReplicaUnreachable("gone")
        await asyncio.Event().wait()
        raise AssertionError
        yield


class Call:
    """One sync call that is under way."""

    def __init__(self, capacity: Capacity, clock: ManualClock) -> None:
        self.messages: list[Any] = []
        made = SyncPrediction(capacity=capacity, clock=clock, body=b"{}", headers={}, request_id="r")
        prediction = AnsweredPrediction(made, "r")
        self._gone = asyncio.Event()
        self.task = asyncio.ensure_future(prediction({"type": "http"}, self._receive, self._send))

    async def _receive(self) -> Any:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.messages.append(message)

    def leave(self) -> None:
        self._gone.set()

    @property
    def answer(self) -> tuple[int, dict[str, str]]:
        return self.messages[0]["status"], json.loads(self.messages[1]["body"])


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_a_call_that_finds_no_replica_waits_and_is_told_so_after_20_minutes(clock):
    call = Call(Capacity(), clock)
    await settle()
    clock.advance(1_199)
    await settle()
    assert not call.messages
    clock.advance(1)
    await call.task
    assert call.answer == (
        500,
        {"error": "no replica had room for the prediction in time", "error_code": "timeout"},
    )


async def test_a_prediction_may_take_20_minutes(clock):
    capacity = Capacity()
    replica = ReplicaSlots(SilentModel(), 1)
    call = Call(capacity, clock)
    await settle()
    clock.advance(1_000)  # its wait does not count
    capacity.open(replica)
    await settle()
    clock.advance(1_199)
    await settle()
    assert not call.messages
    clock.advance(1)
    await call.task
    assert call.answer == (504, {"error": "the prediction took too long", "error_code": "timeout"})
    assert replica.in_use == 0


async def test_a_replica_that_does_not_answer_is_a_502_and_gets_nothing_more(clock):
    capacity = Capacity()
    model = SilentModel()
    model.is_gone = True
    replica = ReplicaSlots(model, 1)
    capacity.open(replica)
    call = Call(capacity, clock)
    await call.task
    assert call.answer == (502, {"error": "Error making prediction", "error_code": "model_unavailable"})
    assert not capacity.has_room


async def test_a_caller_who_leaves_gives_back_the_slot(clock):
    capacity = Capacity()
    replica = ReplicaSlots(SilentModel(), 1)
    capacity.open(replica)
    call = Call(capacity, clock)
    await settle()
    assert replica.in_use == 1
    call.leave()
    await call.task
    assert (call.messages, replica.in_use) == ([], 0)
