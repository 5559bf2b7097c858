"""The emulator in one process: everything but the model server, under a clock that tests turn."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from starlette.responses import Response
from starlette.types import ASGIApp

from async_emulator.api import errors as api_errors
from async_emulator.api.app import InferenceApi, Page
from async_emulator.api.routing import Target, Targets
from async_emulator.api.service import AsyncService
from async_emulator.clock import ManualClock
from async_emulator.prediction.capacity import Capacity, ReplicaSlots
from async_emulator.prediction.dispatcher import Dispatcher
from async_emulator.prediction.outcome import Outcome, Success
from async_emulator.queue.group_commit import GroupCommit
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.sqlite import SQLiteQueue
from async_emulator.queue.sweeper import Sweeper
from async_emulator.settings.api import ApiSettings
from async_inference.codes import Kind
from async_inference.wire import AsyncPredictResult

API_KEY = "a-key"


class FakeModel:
    """A model that answers async requests with `outcomes`: one for each attempt, then successes."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome | Exception] = []
        self.attempts: list[AsyncRequest] = []
        self.hold = asyncio.Event()
        self.hold.set()

    async def predict(self, request: AsyncRequest) -> Outcome:
        self.attempts.append(request)
        await self.hold.wait()
        outcome = self.outcomes.pop(0) if self.outcomes else Success(body=b'{"echo": true}')
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def forward(
        self, body: bytes, headers: Mapping[str, str], request_id: str
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        raise NotImplementedError("no sync prediction without a server")


class Platform(FakeModel):
    """A running emulator, and the model that it runs. `is_deployed`: whether that has been loaded."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__()
        self.is_deployed = False
        self.clock = ManualClock()
        self.queue = SQLiteQueue(data_dir, self.clock.now())
        self.sweeper = Sweeper(self.queue, self.clock)
        self.capacity = Capacity()
        self.delivered: list[tuple[str, AsyncPredictResult]] = []
        self.accepts_webhooks = True
        self.dispatcher = Dispatcher(
            deployment_id="deployment",
            queue=self.queue,
            clock=self.clock,
            capacity=self.capacity,
            deliver=self._deliver,
            on_deadline=lambda queue_deadline: None,
        )
        self.woken = 0
        self.pages: dict[str, Page] = {}
        self.served = [self.target()]
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.make_api()),
            base_url="http://emulator",
            headers={"Authorization": f"Bearer {API_KEY}"},
        )

    def target(self, **changes: Any) -> Target:
        """What is served: a model, or what the changes make of it."""
        given: dict[str, Any] = {
            "kind": Kind.MODEL,
            "owner_id": "model",
            "deployment_id": "deployment",
            "queued": self.dispatcher.queued,
            "predict": self._predict_now,
            "wake": self._wake,
            "is_ready": lambda: self.is_deployed,
        }
        return Target(**{**given, **changes})

    def make_api(self, **settings: Any) -> InferenceApi:
        """The API with these settings; without rate limits, unless some are given."""
        return InferenceApi(
            api_key=API_KEY,
            service=AsyncService(queue=self.queue, clock=self.clock, commits=GroupCommit(self.queue)),
            targets=Targets(self.served),
            clock=self.clock,
            settings=ApiSettings(**{"rate_limits": False, **settings}),
            pages=self.pages,
        )

    def configure(self, **settings: Any) -> None:
        """From now on, answer with these settings."""
        self.http._transport = httpx.ASGITransport(self.make_api(**settings))

    def _predict_now(self, body: bytes, headers: Mapping[str, str], request_id: str) -> ASGIApp:
        if not self.is_deployed:
            raise api_errors.not_ready()
        return Response(body, headers={"x-baseten-request-id": request_id}, media_type="application/json")

    def _wake(self) -> None:
        self.woken += 1

    def open(self, slots: int) -> ReplicaSlots:
        """A replica is ready."""
        replica = ReplicaSlots(self, slots, on_suspect=lambda: self.capacity.close(replica))
        self.capacity.open(replica)
        return replica

    async def _deliver(self, webhook_endpoint: str, result: AsyncPredictResult) -> bool:
        self.delivered.append((webhook_endpoint, result))
        return self.accepts_webhooks

    async def submit(self, **fields: object) -> str:
        response = await self.http.post("/production/async_predict", json={"model_input": {}, **fields})
        assert response.status_code == 201, response.text
        request_id: str = response.json()["request_id"]
        return request_id

    async def status(self, request_id: str) -> dict[str, object]:
        response = await self.http.get(f"/async_request/{request_id}")
        assert response.status_code == 200, response.text
        status: dict[str, object] = response.json()
        return status

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let everything that can run do so until `holds`; no time passes."""
        for _ in range(1_000):
            if holds():
                return
            await asyncio.sleep(0)
        raise AssertionError("it did not come to hold")

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    """A platform with one slot, its model loaded."""
    running = Platform(tmp_path)
    sweeping = asyncio.create_task(running.sweeper.run())
    running.open(1)
    yield running
    sweeping.cancel()
    await running.dispatcher.stop()
    await running.http.aclose()
    running.queue.close()
