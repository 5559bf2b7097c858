"""Receives the webhooks of a run: each request has a url of its own, and the answers that its row plans."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from async_conformance.clock import Clock
from async_inference.errors import InvalidSetting

BROKEN = 0
"""Stands for the status of a connection that is broken off."""

_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One delivery. The names of its headers are in lower case; `at` are seconds of the receiver's clock."""

    at: float
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(kw_only=True, slots=True)
class Hook:
    """The url of one webhook, and the deliveries to it.

    It answers `statuses`, one after the other, each after `seconds`, and then 200 at once. BROKEN stands for
    no answer, but the end of the connection.
    """

    url: str
    statuses: list[int]
    seconds: float = 0.0
    deliveries: list[Delivery] = field(default_factory=list)


class Receiver:
    """Receives what is sent to `webhook_url` and below."""

    def __init__(self, webhook_url: str, clock: Clock) -> None:
        self._webhook_url = webhook_url.rstrip("/")
        self._clock = clock
        self._hooks: dict[str, Hook] = {}

    def hook(self, *statuses: int, seconds: float = 0.0) -> Hook:
        """Make a url that answers these statuses, each after `seconds`, and then 200."""
        name = secrets.token_hex(8)
        hook = Hook(url=f"{self._webhook_url}/{name}", statuses=list(statuses), seconds=seconds)
        self._hooks[name] = hook
        return hook

    async def receive(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """Take a delivery, and return the status of its answer, or BROKEN; 404 for an unknown path."""
        hook = self._hooks.get(path.rpartition("/")[2])
        if hook is None:
            return 404
        lower = {name.lower(): value for name, value in headers.items()}
        hook.deliveries.append(Delivery(at=self._clock.seconds(), headers=lower, body=body))
        if not hook.statuses:
            return 200
        status = hook.statuses.pop(0)
        await self._clock.sleep(hook.seconds)
        return status


@asynccontextmanager
async def listening(receiver: Receiver, port: int) -> AsyncIterator[None]:
    """Listen on this port of this machine's loopback. Raises InvalidSetting where another process does."""
    from aiohttp import web  # here: only a run with webhooks pays for the import

    async def handle(request: web.Request) -> web.Response:
        status = await receiver.receive(request.path, request.headers, await request.read())
        if status == BROKEN and request.transport is not None:
            request.transport.abort()
        return web.Response(status=status or 500)

    app = web.Application(client_max_size=_MOST_BYTES)
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    except OSError as error:
        await runner.cleanup()
        raise InvalidSetting("--receive", f"port {port} cannot be used: {error.strerror}") from error
    try:
        yield
    finally:
        await runner.cleanup()
