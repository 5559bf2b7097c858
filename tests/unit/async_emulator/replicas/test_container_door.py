"""The door before a container: who has the token gets in, without it; nobody else reaches the container."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from async_emulator.replicas.container_process import Door

TOKEN = b"x-token: secret"


class Container:
    """Keeps what reaches it, and answers once."""

    def __init__(self) -> None:
        self.reached = b""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reached += await reader.read(65_536)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()


@pytest.fixture
async def container() -> AsyncIterator[tuple[Container, int]]:
    container = Container()
    server = await asyncio.start_server(container.answer, "127.0.0.1", 0)
    yield container, server.sockets[0].getsockname()[1]
    server.close()


async def call(port: int | None, request: bytes) -> bytes:
    async def find() -> int:
        if port is None:
            raise OSError("no port yet")
        return port

    door = await asyncio.start_server(Door(TOKEN, find).answer, "127.0.0.1", 0, limit=1_000)
    async with door:
        reader, writer = await asyncio.open_connection(*door.sockets[0].getsockname())
        writer.write(request)
        answered = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    return answered


async def test_a_call_with_the_token_passes_without_it_and_alone(container):
    inside, port = container
    request = b"POST /p HTTP/1.1\r\nHost: x\r\nX-Token:  secret\r\nConnection: keep-alive\r\n"
    assert (await call(port, request + b"Content-Length: 2\r\n\r\nhi")).endswith(b"\r\n\r\nok")
    expected = b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
    assert inside.reached == expected


@pytest.mark.parametrize(
    "headers",
    [
        b"",
        b"x-token: wrong\r\n",
        b"x-token: secret\r\nx-token: secret\r\n",
        b"x-token:\r\n",
        b"x-tokenx: secret\r\n",
        b" x-token: secret\r\n",
    ],
)
async def test_nobody_else_reaches_the_container(container, headers):
    inside, port = container
    answered = await call(port, b"GET / HTTP/1.1\r\n" + headers + b"\r\n")
    assert answered.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert inside.reached == b""


async def test_a_container_that_does_not_answer_yet_is_not_ready():
    for port in (None, 1):
        answered = await call(port, b"GET / HTTP/1.1\r\n" + TOKEN + b"\r\n\r\n")
        assert answered.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")


async def test_a_head_without_an_end_is_dropped():
    assert await call(None, b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 10_000) in (b"",)
