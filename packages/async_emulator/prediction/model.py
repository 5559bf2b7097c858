"""What everybody knows of a model that is called, whoever calls it."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from async_emulator.prediction.outcome import Outcome
from async_emulator.queue.request import AsyncRequest

if TYPE_CHECKING:
    import aiohttp

REQUEST_ID_HEADER = "X-Baseten-Request-Id"
CHAIN_REQUEST_ID_HEADER = "x-baseten-chain-request-id"
"""Tells every chainlet which request to the chain its own call belongs to."""

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade"})
"""What belongs to one connection goes no further (RFC 9110, 7.6.1)."""


class Model(Protocol):
    """Whatever makes predictions. Raises ReplicaUnreachable where nothing answers."""

    async def predict(self, request: AsyncRequest) -> Outcome:
        """Make one attempt at an async request."""
        ...

    def forward(
        self, body: bytes, headers: Mapping[str, str], request_id: str
    ) -> AbstractAsyncContextManager["aiohttp.ClientResponse"]:
        """Pass a sync request on as it came."""
        ...
