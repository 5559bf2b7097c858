"""A caller's bytes, whole or not: calls that never end, heads without end, and what is no HTTP."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from async_emulator.api.caller_connection import HEAD_LIMIT, CallerConnection
from tests.integration.conftest import API_KEY

Call = Callable[..., Coroutine[Any, Any, bytes]]
HEAD = f"Host: here\r\nAuthorization: Bearer {API_KEY}\r\nContent-Type: application/json\r\n".encode()
PREDICT = b"POST /production/predict HTTP/1.1\r\n" + HEAD
GARBAGE = [
    b"garbage\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 3,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\n" + HEAD + b"\r\n",
    b"CONNECT a b HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nno header\r\n\r\n",
    b"POST /production/predict HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    b"POST /production/predict HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    PREDICT + b"Transfer-Encoding: chunked\r\n\r\nx\r\n",
]


class Hasty(CallerConnection):
    arrival_seconds = 0.05


class Patient(CallerConnection):
    """For what must not wait for the clock at all."""


@contextlib.asynccontextmanager
async def listening(platform: Any, kind: type[CallerConnection]) -> AsyncIterator[Call]:
    config = uvicorn.Config(platform.server.api, lifespan="off", ws="none", log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: kind(config, state, {}), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def call(*pieces: bytes) -> bytes:
        """Send each piece once the one before has been taken; return all that comes until the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in pieces:
            writer.write(piece)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            await asyncio.sleep(0.001)
        async with asyncio.timeout(5):
            answer = b""
            with contextlib.suppress(ConnectionError):
                while more := await reader.read(65_536):
                    answer += more
        writer.close()
        return answer

    async with server:
        yield call


def parse(answer: bytes) -> tuple[int, dict[str, str], Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    named = {name.lower(): value for name, _, value in (header.partition(": ") for header in headers)}
    assert len(body) == int(named["content-length"])
    return int(status.split()[1]), named, json.loads(body)


@pytest.mark.closeness("no HTTP")
@pytest.mark.parametrize("sent", GARBAGE)
async def test_what_is_no_http_has_the_answer_of_every_other_error(platform, sent):
    async with listening(platform, Patient) as call:
        status, headers, body = parse(await call(sent))
    assert status == 400
    assert headers["content-type"] == "application/json"
    assert headers["connection"] == "close"
    assert len(headers["x-baseten-request-id"]) == 32
    assert body == {"error": "Invalid HTTP request received.", "error_code": "client_error"}
    assert platform.attempts == []


async def test_a_head_without_end_is_refused(platform):
    async with listening(platform, Patient) as call:
        for sent in (
            [PREDICT + b"X-Long: " + b"x" * HEAD_LIMIT + b"\r\n\r\n"],
            [PREDICT, *[b"X-Many: " + b"x" * 10_000 + b"\r\n"] * 10],
            [b"GET /", *[b"x" * 10_000] * 10],
            [b"GET /" + b"x" * HEAD_LIMIT + b" HTTP/1.1\r\n" + HEAD + b"\r\n"],
        ):
            status, _, body = parse(await call(*sent))
            assert status == 431
            assert body == {
                "error": "the path and the headers have more than 65536 bytes",
                "error_code": "client_error",
            }


@pytest.mark.closeness("half-sent calls")
@pytest.mark.parametrize(
    "pieces",
    [
        [PREDICT],
        [PREDICT, b"X-A: ", b"b", b"\r\n"],
        [PREDICT + b"Content-Length: 10\r\n\r\n", b"{"],
        [PREDICT + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n{\r\n"],
        [PREDICT + b"Content-Length: 2\r\n\r\n{}", PREDICT],
    ],
)
async def test_a_call_that_never_ends_is_closed(platform, pieces):
    platform.deployment.is_deployed = True
    async with listening(platform, Hasty) as call:
        answer = await call(*pieces)
    if pieces[0].endswith(b"{}"):
        assert answer.startswith(b"HTTP/1.1 200 ")
        answer = answer[answer.index(b"HTTP/1.1", 1) :]
    status, _, body = parse(answer)
    assert status == 408
    assert body == {"error": "the call did not arrive within 0.05 s", "error_code": "timeout"}


async def test_a_connection_that_asks_nothing_is_closed(platform):
    async with listening(platform, Hasty) as call:
        assert await call() == b""
        assert await call(b"\r\n") == b""


async def test_the_rest_of_a_body_that_was_refused_is_not_awaited_for_ever(platform):
    refused = PREDICT.replace(API_KEY.encode(), b"another") + b"Content-Length: 10\r\n\r\n"
    async with listening(platform, Hasty) as call:
        assert parse(await call(refused))[0] == 401


async def test_a_prediction_may_take_longer_than_its_call_to_arrive(platform):
    platform.deployment.is_deployed = True
    platform.capacity.close_all()
    async with listening(platform, Hasty) as call:
        calling = asyncio.create_task(
            call(PREDICT + b"Connection: close\r\nContent-Length: 2\r\n\r\n", b"{}")
        )
        await asyncio.sleep(0.1)
        platform.open(1)
        assert parse_status(await calling) == 200


def parse_status(answer: bytes) -> int:
    return int(answer.split()[1])
