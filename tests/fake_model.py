"""A model that answers as a test has planned, without a server."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

import aiohttp

from async_emulator.errors import ReplicaUnreachable
from async_emulator.prediction.outcome import Outcome, Success
from async_emulator.queue.request import AsyncRequest


class FakeModel:
    """Answers async requests with `outcomes`, one for each attempt, then with successes; echoes sync ones."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome | Exception] = []
        self.attempts: list[AsyncRequest] = []
        self.is_unreachable = False  # for sync requests
        self.own_metrics = b""
        self.hold = asyncio.Event()
        self.hold.set()

    async def is_ready(self) -> bool:
        return True

    async def close(self) -> None: ...

    async def predict(self, request: AsyncRequest) -> Outcome:
        self.attempts.append(request)
        await self.hold.wait()
        outcome = self.outcomes.pop(0) if self.outcomes else Success(body=b'{"echo": true}')
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    @asynccontextmanager
    async def forward(
        self, body: bytes, headers: Mapping[str, str], request_id: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self.is_unreachable:
            raise ReplicaUnreachable
        yield cast(aiohttp.ClientResponse, _Answer(body))

    async def metrics(self, max_bytes: int) -> bytes:
        return self.own_metrics


class _Answer:
    """As much of a client's response as is passed on."""

    status = 200

    def __init__(self, body: bytes) -> None:
        self.raw_headers = ((b"Content-Type", b"application/json"),)
        self.content = self
        self._body = body

    async def iter_any(self) -> AsyncIterator[bytes]:
        yield self._body
