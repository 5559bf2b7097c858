"""Deliveries to a real receiver over a socket."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime

import pytest
from aiohttp import web

from async_emulator.clock import ManualClock
from async_emulator.webhooks import WebhookSender, is_allowed
from async_inference.wire import AsyncPredictResult

RESULT = AsyncPredictResult(
    request_id="abc",
    model_id="m",
    deployment_id="d",
    time=datetime(2024, 4, 30, 1, 1, 8, 883423, tzinfo=UTC),
    data={"é": 1e-7},
)
BODY = (
    '{"request_id":"abc","model_id":"m","deployment_id":"d","type":"async_request_completed",'
    '"time":"2024-04-30T01:01:08.883423Z","data":{"é":1e-7},"errors":[]}'
).encode()


class Receiver:
    """Answers with `statuses`, one after the other; 0 means it never answers."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.received.append((dict(request.headers), await request.read()))
        status = self.statuses.pop(0)
        if status == 0:
            await asyncio.Event().wait()
        headers = {"Location": "/elsewhere"} if status == 301 else {}
        return web.Response(status=status, headers=headers)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"{site.name}/hook"
    yield receiver
    await runner.cleanup()


Deliver = Callable[[list[int]], Coroutine[None, None, bool]]


@pytest.fixture
async def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def deliver(receiver: Receiver, clock: ManualClock) -> AsyncIterator[Deliver]:
    sender = WebhookSender(clock)

    async def send(statuses: list[int]) -> bool:
        """Deliver; whenever nothing happens any more, let 10 seconds pass."""
        receiver.statuses = list(statuses)
        delivery = asyncio.create_task(sender.deliver(receiver.url, RESULT))
        while not delivery.done():
            count = len(receiver.received)
            await asyncio.wait({delivery}, timeout=0.05)
            if len(receiver.received) == count:
                clock.advance(10)
        return delivery.result()

    yield send
    await sender.close()


async def test_the_bytes_and_headers_are_the_platforms(receiver, deliver):
    assert await deliver([200])
    [(headers, body)] = receiver.received
    assert body == BODY
    assert headers["Content-Type"] == "application/json"
    assert headers["X-BASETEN-REQUEST-ID"] == "abc"


@pytest.mark.parametrize(
    ("statuses", "is_delivered", "attempts"),
    [
        ([204], True, 1),
        ([500, 200], True, 2),
        ([503, 503], False, 2),
        ([400], False, 1),
        ([301], False, 1),
        ([0, 200], True, 2),
        ([0, 0], False, 2),
    ],
)
async def test_only_server_errors_and_silence_are_tried_once_more(
    receiver, deliver, statuses, is_delivered, attempts
):
    assert await deliver(statuses) == is_delivered
    assert len(receiver.received) == attempts


async def test_nobody_there_is_a_failed_delivery(clock):
    sender = WebhookSender(clock)
    delivery = asyncio.create_task(sender.deliver("http://127.0.0.1:1/hook", RESULT))
    while not delivery.done():
        await asyncio.wait({delivery}, timeout=0.05)
        clock.advance(10)
    assert delivery.result() is False
    await sender.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/hook", True),
        ("http://localhost:8000/hook", True),
        ("http://127.0.0.1/hook", True),
        ("http://[::1]:9/hook", True),
        ("http://example.com/hook", False),
        ("http://localhost.example.com/hook", False),
        ("https://", False),
        ("https://[bad", False),
        ("file:///etc/passwd", False),
    ],
)
def test_where_the_platform_would_send(url, expected):
    assert is_allowed(url) is expected
