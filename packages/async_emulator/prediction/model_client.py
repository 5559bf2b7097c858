"""How the platform calls the model server: `POST /v1/models/model:predict` with the bare model input."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from async_emulator.errors import NoMetrics, ReplicaUnreachable
from async_emulator.prediction.model import (
    CHAIN_REQUEST_ID_HEADER,
    HOP_BY_HOP,
    REQUEST_ID_HEADER,
    TOKEN_HEADER,
)
from async_emulator.prediction.outcome import Outcome, is_streamed, outcome_of, streamed
from async_emulator.queue.request import AsyncRequest
from async_inference.codes import Kind

_NOT_SENT = HOP_BY_HOP | {
    *("authorization", "content-length", "host"),
    *(REQUEST_ID_HEADER.lower(), TOKEN_HEADER.lower()),
}


_AUTO_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp adds where they are missing. A caller decodes only what it has asked for, and without
a type its body is JSON."""

_HEADER_LIMIT = 1_048_576
"""Bytes of a header of the model's answer. Our choice; aiohttp's own limit would refuse a long cookie."""


class ModelClient:
    """Calls one model server. See ModelServer. Needs a running event loop; `close` it.

    Every call carries `token`, without which the server answers nobody.
    """

    def __init__(self, base_url: str, token: str) -> None:
        self._predict_url = URL(f"{base_url}/v1/models/model:predict")
        self._ready_url = f"{base_url}/v1/models/model"
        self._metrics_url = f"{base_url}/metrics/"  # without the slash, a Truss server redirects there
        # No limits here: the dispatcher decides how many calls run at once, and for how long.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            max_field_size=_HEADER_LIMIT,
            headers={TOKEN_HEADER: token},
        )

    async def is_ready(self) -> bool:
        """Whether the server has loaded its model."""
        try:
            async with self._session.get(self._ready_url) as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def predict(self, request: AsyncRequest) -> Outcome:
        """Make one attempt at an async request. Raises ReplicaUnreachable where nothing answers."""
        headers = {
            "Content-Type": "application/json",
            "Accept-Encoding": "gzip",  # what outcome_of decodes
            REQUEST_ID_HEADER: request.request_id,
        }
        if request.kind is Kind.CHAIN:
            headers[CHAIN_REQUEST_ID_HEADER] = request.request_id
        try:
            async with self._session.post(
                self._predict_url, data=request.model_input, headers=headers, allow_redirects=False
            ) as response:
                if is_streamed(response.status, response.headers):
                    response.close()  # a stream may never end
                    return streamed(response.status)
                return outcome_of(response.status, response.headers, await response.read())
        except aiohttp.ClientError as error:
            raise ReplicaUnreachable(str(error)) from error

    @asynccontextmanager
    async def forward(
        self, body: bytes, headers: Mapping[str, str], request_id: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Pass a sync request on unchanged. Raises ReplicaUnreachable where nothing answers."""
        passed = {name: value for name, value in headers.items() if name.lower() not in _NOT_SENT}
        passed[REQUEST_ID_HEADER] = request_id
        try:
            async with self._session.post(
                self._predict_url,
                data=body,
                headers=passed,
                allow_redirects=False,
                skip_auto_headers=_AUTO_HEADERS,
            ) as response:
                yield response
        except aiohttp.ClientError as error:
            raise ReplicaUnreachable(str(error)) from error

    async def metrics(self, max_bytes: int) -> bytes:
        """Return the server's own metrics. Raises NoMetrics, or ReplicaUnreachable where nothing answers."""
        try:
            async with self._session.get(
                self._metrics_url, headers={"Accept-Encoding": "identity"}, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise NoMetrics(f"its server answers {response.status}")
                answer = bytearray()
                async for chunk in response.content.iter_any():
                    answer += chunk
                    if len(answer) > max_bytes:
                        raise NoMetrics(f"more than {max_bytes:,} bytes")
                return bytes(answer)
        except aiohttp.ClientError as error:
            raise ReplicaUnreachable("its server does not answer") from error

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()
