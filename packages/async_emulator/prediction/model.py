"""A model as its callers see it, and the headers that go with each call."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from async_emulator.prediction.outcome import Outcome
from async_emulator.queue.request import AsyncRequest

if TYPE_CHECKING:
    import aiohttp

REQUEST_ID_HEADER = "X-Baseten-Request-Id"
CHAIN_REQUEST_ID_HEADER = "x-baseten-chain-request-id"
"""Names the request to the chain, so that every chainlet knows which one its own call belongs to."""

TOKEN_HEADER = "X-Emulator-Token"  # noqa: S105  # a name
"""Holds the token without which a model server answers nobody: each has its own, new at every start."""

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade"})
"""Headers that belong to one connection and are never passed on (RFC 9110, 7.6.1)."""


class Model(Protocol):
    """Makes predictions. Every method raises ReplicaUnreachable where nothing answers."""

    async def predict(self, request: AsyncRequest) -> Outcome:
        """Make one attempt at an async request."""
        ...

    def forward(
        self, body: bytes, headers: Mapping[str, str], request_id: str
    ) -> AbstractAsyncContextManager["aiohttp.ClientResponse"]:
        """Pass a sync request on unchanged; the answer is read inside the context."""
        ...

    async def metrics(self, max_bytes: int) -> bytes:
        """Return what it says of itself in Prometheus's text format. Raises NoMetrics, also if that is long.

        It has no limit of time.
        """
        ...


class ModelServer(Model, Protocol):
    """A model behind a connection to its server."""

    async def is_ready(self) -> bool:
        """Whether the server has loaded its model."""
        ...

    async def close(self) -> None:
        """Close every connection to the server."""
        ...
