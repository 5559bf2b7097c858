"""Deliveries to a real receiver over a socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from async_emulator.clock import ManualClock
from async_emulator.webhooks.connection import WebhookConnection
from async_emulator.webhooks.delivery import Delivery, PrivateAddress
from async_emulator.webhooks.payload import Payload
from async_emulator.webhooks.sender import WebhookSender
from async_emulator.webhooks.signing_secrets import WebhookSecrets
from async_inference import verify_signature

NOW = datetime(2024, 4, 30, 1, 1, 8, 883423, tzinfo=UTC)
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
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 0:
            await asyncio.Event().wait()
        headers = {"Location": "/elsewhere"} if status == 301 else {}
        return web.Response(status=status, headers=headers, text="" if status == 204 else "said")


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


OLD, NEW = "whsec_" + "a" * 40, "whsec_" + "b" * 40


class Sending:
    """A sender, its clock, its secrets, and the deliveries that it reported."""

    def __init__(self, receiver: Receiver, connection: WebhookConnection) -> None:
        self.receiver = receiver
        self.connection = connection
        self.clock = ManualClock(NOW)
        self.secrets = WebhookSecrets()
        self.deliveries: list[Delivery] = []
        self.sender = WebhookSender(
            clock=self.clock,
            connection=connection,
            secrets=self.secrets,
        )
        self.sender.watch(self)

    def delivered(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)

    async def deliver(self, statuses: list[int], url: str | None = None) -> bool:
        """Deliver; whenever nothing happens any more, let 10 seconds pass."""
        self.receiver.statuses = list(statuses)
        payload = Payload(request_id="abc", model_id="m", deployment_id="d", output='{"é": 1e-7}'.encode())
        delivery = asyncio.create_task(self.sender.deliver(url or self.receiver.url, payload))
        while not delivery.done():
            count = len(self.receiver.received)
            await asyncio.wait({delivery}, timeout=0.05)
            if len(self.receiver.received) == count:
                self.clock.advance(10)
        return delivery.result()


@pytest.fixture
async def platform(receiver: Receiver) -> AsyncIterator[Sending]:
    connection = WebhookConnection()
    yield Sending(receiver, connection)
    await connection.close()


@pytest.mark.closeness("webhook bytes")
async def test_the_bytes_and_headers_are_the_platforms(platform, receiver):
    assert await platform.deliver([200])
    [(headers, body)] = receiver.received
    assert body == BODY
    assert headers["Content-Type"] == "application/json"
    assert headers["X-BASETEN-REQUEST-ID"] == "abc"
    assert "X-BASETEN-SIGNATURE" not in headers


async def test_every_secret_signs_the_bytes_that_are_sent_the_newest_first(platform, receiver):
    platform.secrets.rotate(platform.clock.now(), OLD)
    platform.secrets.rotate(platform.clock.now(), NEW)
    assert await platform.deliver([200])
    [(headers, body)] = receiver.received
    new, old = headers["X-BASETEN-SIGNATURE"].split(",")
    verify_signature(body, new, [NEW])
    verify_signature(body, old, [OLD])
    assert [text.partition("=")[0] for text in (new, old)] == ["v1", "v1"]


async def test_a_day_after_a_rotation_only_the_new_secret_signs(platform, receiver):
    platform.secrets.rotate(platform.clock.now(), OLD)
    platform.secrets.rotate(platform.clock.now(), NEW)
    platform.clock.advance(24 * 3_600)
    assert await platform.deliver([200])
    [(headers, body)] = receiver.received
    assert "," not in headers["X-BASETEN-SIGNATURE"]
    verify_signature(body, headers["X-BASETEN-SIGNATURE"], [NEW])


@pytest.mark.closeness("webhook retry", "webhook repeat")
@pytest.mark.parametrize(
    ("statuses", "is_delivered", "attempts"),
    [
        ([204], True, 1),
        ([500, 200], True, 2),
        ([502, 504], False, 2),
        ([503, 503], False, 2),
        ([400], False, 1),
        ([429], False, 1),
        ([501], False, 1),
        ([301], False, 1),
        ([0, 200], True, 2),
        ([0, 0], False, 2),
    ],
)
async def test_only_server_errors_and_silence_are_tried_once_more(
    platform, receiver, statuses, is_delivered, attempts
):
    assert await platform.deliver(statuses) == is_delivered
    assert len(receiver.received) == attempts
    assert {body for _, body in receiver.received} == {BODY}


async def test_how_many_attempts_are_made_is_a_setting(platform, receiver):
    platform.sender = WebhookSender(
        clock=platform.clock, connection=platform.connection, secrets=platform.secrets, attempts=3
    )
    assert await platform.deliver([500, 500, 200])
    assert len(receiver.received) == 3


async def test_each_attempt_is_told_of_as_it_was(platform, receiver):
    platform.secrets.rotate(platform.clock.now(), NEW)
    await platform.deliver([503, 301])
    first, second = platform.deliveries
    assert [each.attempt for each in (first, second)] == [1, 2]
    assert first.body == BODY
    assert first.headers["X-BASETEN-SIGNATURE"] == receiver.received[0][0]["X-BASETEN-SIGNATURE"]
    assert (first.answer.status, first.answer.body) == (503, "said")
    assert not second.is_accepted
    assert (second.sent_at - first.sent_at).total_seconds() == 10


@pytest.mark.closeness("webhook failure log")
async def test_a_failure_is_logged_as_the_platform_words_it_and_without_tokens(platform, receiver, caplog):
    await platform.deliver([301], receiver.url + "?token=hush")
    [record] = caplog.records
    assert record.getMessage() == (
        f"Failed to send async predict results for request abc to webhook endpoint {receiver.url}. "
        "Status code: 301, response: said"
    )


async def test_nobody_there_is_a_failed_delivery(platform):
    assert not await platform.deliver([], "http://127.0.0.1:1/hook")
    assert [each.problem is not None for each in platform.deliveries] == [True, True]


class Names(AbstractResolver):
    """Every name stands for these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["8.8.8.8", "169.254.169.254"], ["127.0.0.1"]])
async def test_a_name_that_leads_into_a_private_network_gets_nothing(receiver, addresses):
    connection = WebhookConnection(resolver=Names(*addresses))
    platform = Sending(receiver, connection)
    assert not await platform.deliver([], "https://public.example/hook")
    [refused] = platform.deliveries
    assert refused.is_refused
    assert refused.problem == "public.example has an address of a private network"
    await connection.close()


@pytest.mark.parametrize(
    "host", ["127.0.0.2", "①②⑦.0.0.2", "127。0。0。2", "[::ffff:127.0.0.2]", "[fe80::1%25lo]"]
)
async def test_no_socket_is_made_for_a_private_address_however_it_is_spelled(platform, host):
    with pytest.raises(PrivateAddress):
        await platform.connection.post(f"http://{host}:9/hook", BODY, {})


async def test_private_addresses_may_be_allowed(receiver):
    connection = WebhookConnection(allow_private=True, resolver=Names("127.0.0.1"))
    answer = await connection.post(receiver.url.replace("127.0.0.1", "inside.example"), BODY, {})
    assert answer.status == 200
    await connection.close()


async def test_an_address_that_was_allowed_when_it_was_submitted_is_judged_again(platform, caplog):
    assert not await platform.deliver([], "https://10.0.0.1/hook")
    [record] = caplog.records
    assert record.getMessage().startswith("request abc: its webhook endpoint ")
    assert platform.deliveries == []
