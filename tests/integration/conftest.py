"""The emulator in one process: everything but the model server, under a clock that tests turn."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from async_emulator.api_settings import ApiSettings
from async_emulator.app import InferenceApi
from async_emulator.clock import ManualClock
from async_emulator.dispatcher import Dispatcher
from async_emulator.outcome import Outcome, Success
from async_emulator.request import AsyncRequest
from async_emulator.service import AsyncService
from async_emulator.sqlite_queue import SQLiteQueue
from async_inference.wire import AsyncPredictResult

API_KEY = "a-key"


class Platform:
    """A running emulator whose model is `outcomes`: one for each attempt, then successes."""

    def __init__(self, data_dir: Path) -> None:
        self.clock = ManualClock()
        self.queue = SQLiteQueue(data_dir, self.clock.now())
        self.outcomes: list[Outcome] = []
        self.attempts: list[AsyncRequest] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.delivered: list[tuple[str, AsyncPredictResult]] = []
        self.accepts_webhooks = True
        self.dispatcher = Dispatcher(
            deployment_id="deployment",
            queue=self.queue,
            clock=self.clock,
            predict=self._predict,
            deliver=self._deliver,
        )
        service = AsyncService(
            model_id="model",
            deployment_id="deployment",
            queue=self.queue,
            clock=self.clock,
            on_queued=self.dispatcher.queued,
        )
        api = InferenceApi(
            api_key=API_KEY,
            service=service,
            capacity=self.dispatcher.capacity,
            clock=self.clock,
            find_model=lambda: None,
            settings=ApiSettings(),
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(api.app()),
            base_url="http://emulator",
            headers={"Authorization": f"Bearer {API_KEY}"},
        )

    async def _predict(self, request: AsyncRequest) -> Outcome:
        self.attempts.append(request)
        await self.hold.wait()
        return self.outcomes.pop(0) if self.outcomes else Success(body=b'{"echo": true}')

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
    running.dispatcher.start()
    running.dispatcher.capacity.open(1)
    yield running
    await running.dispatcher.stop()
    await running.http.aclose()
    running.queue.close()
