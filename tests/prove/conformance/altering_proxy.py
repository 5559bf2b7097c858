"""A reverse proxy over sockets that alters answers on their way."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from aiohttp import web

from tests.conformance_platform import Alteration

_NOT_PASSED_ON = {"content-length", "transfer-encoding", "connection", "date", "server"}


@contextmanager
def altering_proxy(base_url: str, alteration: Alteration) -> Iterator[str]:
    """The url of a proxy in front of `base_url`, in a thread of its own."""
    loop = asyncio.new_event_loop()
    runner, site = loop.run_until_complete(_started(base_url, alteration))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield site.name
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _started(base_url: str, alteration: Alteration) -> tuple[web.AppRunner, web.TCPSite]:
    http = httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=60.0)

    async def handle(request: web.Request) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
        sent = http.build_request(request.method, request.path, headers=headers, content=await request.read())
        answer = alteration.answer(sent, await http.send(sent))
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _NOT_PASSED_ON}
        return web.Response(status=answer.status_code, headers=kept, body=answer.content)

    async def close(_: web.Application) -> None:
        await http.aclose()

    app = web.Application(client_max_size=10_000_000)
    app.router.add_route("*", "/{path:.*}", handle)
    app.on_cleanup.append(close)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, site
