"""Faults that a test plans: for the next predictions, and the next deliveries to webhooks."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

import aiohttp

from async_emulator.api.errors import CallRefused
from async_emulator.clock import Clock
from async_emulator.control.messages import FaultPlan
from async_emulator.prediction.model import ModelServer
from async_emulator.prediction.outcome import Outcome, outcome_of
from async_emulator.queue.request import AsyncRequest
from async_emulator.webhooks.delivery import ReceiverAnswer
from async_emulator.webhooks.sender import Connection

_MESSAGE = "this prediction was made to fail"


class Faults:
    """The planned faults that are still to come, in their order."""

    def __init__(self) -> None:
        self._predictions: deque[FaultPlan] = deque()
        self.webhooks_to_drop = 0

    @property
    def predictions_to_fail(self) -> int:
        """The number of predictions still to come with a fault."""
        return len(self._predictions)

    def plan(self, plan: FaultPlan) -> None:
        """Add the plan's faults after those already planned."""
        self._predictions.extend([plan] * plan.predictions)
        self.webhooks_to_drop += plan.webhooks

    def take(self) -> FaultPlan | None:
        """Remove and return the next prediction's fault; None: it has none."""
        return self._predictions.popleft() if self._predictions else None

    def clear(self) -> None:
        """Forget every planned fault."""
        self._predictions.clear()
        self.webhooks_to_drop = 0


class FaultyModel:
    """A model server whose predictions have the planned faults."""

    def __init__(self, model: ModelServer, faults: Faults, clock: Clock) -> None:
        self._model = model
        self._faults = faults
        self._clock = clock

    async def is_ready(self) -> bool:
        """Whether the server has loaded its model."""
        return await self._model.is_ready()

    async def close(self) -> None:
        """Close every connection to the server."""
        await self._model.close()

    async def predict(self, request: AsyncRequest) -> Outcome:
        """Make one attempt at an async request."""
        status = await self._next_status()
        if status is None:
            return await self._model.predict(request)
        return outcome_of(
            status, {"Content-Type": "application/json"}, b'{"error": "%s"}' % _MESSAGE.encode()
        )

    @asynccontextmanager
    async def forward(
        self, body: bytes, headers: Mapping[str, str], request_id: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Pass a sync request on unchanged. Raises CallRefused with the planned status."""
        status = await self._next_status()
        if status is not None:
            raise CallRefused(HTTPStatus(status), _MESSAGE)
        async with self._model.forward(body, headers, request_id) as response:
            yield response

    async def metrics(self, max_bytes: int) -> bytes:
        """Return the server's own metrics; no fault is planned for them."""
        return await self._model.metrics(max_bytes)

    async def _next_status(self) -> int | None:
        """Take the next fault; return the planned status. None: the prediction is to be made."""
        fault = self._faults.take()
        if fault is None:
            return None
        await self._clock.sleep(fault.delay_seconds)
        if fault.hangs:
            await asyncio.Event().wait()
        return fault.status


class DroppingConnection:
    """A connection to webhooks that loses the planned number of deliveries."""

    def __init__(self, connection: Connection, faults: Faults) -> None:
        self._connection = connection
        self._faults = faults

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> ReceiverAnswer:
        """Send `body` and return the answer. Raises OSError where there is none."""
        if self._faults.webhooks_to_drop > 0:
            self._faults.webhooks_to_drop -= 1
            raise ConnectionError("this delivery was made to fail")
        return await self._connection.post(url, body, headers)
