"""The HTTP server of an emulator while it is still being imported."""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from async_emulator.http_server import HttpServer
    from async_emulator.prediction.model import ModelServer
    from async_emulator.webhooks.payload import Payload


class PendingHttpServer:
    """Stands for the HTTP server from the start: what uses it waits until it is there. See Connections.

    Needs a running event loop.
    """

    def __init__(self) -> None:
        self._server: asyncio.Future[HttpServer] = asyncio.get_running_loop().create_future()
        self._is_wanted = asyncio.Event()

    async def wait_until_wanted(self) -> None:
        """Return once the first model server is on its way, and so soon needs a connection."""
        await self._is_wanted.wait()

    def provide(self, server: "HttpServer") -> None:
        """End the wait: from now on, `server` makes the connections."""
        self._server.set_result(server)

    async def connect(self, base_url: str, token: str) -> "ModelServer":
        """Return the model server at `base_url`, which wants `token`; the caller closes it."""
        self._is_wanted.set()
        return await (await asyncio.shield(self._server)).connect(base_url, token)

    async def deliver(self, webhook_endpoint: str, payload: "Payload") -> bool:
        """Send `payload` to a webhook; whether the receiver accepted it."""
        return await (await asyncio.shield(self._server)).deliver(webhook_endpoint, payload)
