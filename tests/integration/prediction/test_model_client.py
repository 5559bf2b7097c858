"""Whatever a model's server answers arrives: unchanged at a sync caller, and as an outcome of a request."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import pytest

from async_emulator.clock import ManualClock
from async_emulator.prediction.capacity import Capacity, ReplicaSlots
from async_emulator.prediction.model_client import ModelClient
from async_emulator.prediction.outcome import Failure, Success
from async_emulator.prediction.sync_prediction import SyncPrediction
from tests.queued_request import request


class ModelServer:
    """Answers every call with these bytes after a status line, and keeps what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: list[bytes] = []
        self.body = b"{}"
        self.asked = b""
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked = await reader.readuntil(b"\r\n\r\n")
        length = b"Content-Length: %d" % len(self.body)
        head = [b"HTTP/1.1 %d Said" % self.status, length, b"Connection: close", *self.headers]
        writer.write(b"\r\n".join([*head, b"", self.body]))
        await writer.drain()
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    model = ModelServer()
    listening = await asyncio.start_server(model.answer, "127.0.0.1", 0)
    async with listening:
        model.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield model


@pytest.fixture
async def client(server: ModelServer) -> AsyncIterator[ModelClient]:
    client = ModelClient(server.url, "token")
    yield client
    await client.close()


async def called(client: ModelClient, **headers: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """What a sync caller gets."""
    messages: list[Any] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        messages.append(message)

    capacity = Capacity()
    capacity.open(ReplicaSlots(client, 1))
    prediction = SyncPrediction(
        capacity=capacity, clock=ManualClock(), body=b"{}", headers=headers, request_id="r"
    )
    await prediction({"type": "http"}, receive, send)
    start, *rest = messages
    return start["status"], list(start["headers"]), b"".join(message["body"] for message in rest)


async def test_headers_arrive_repeated_ones_too_and_byte_for_byte(server, client):
    server.headers = [
        b"Set-Cookie: a=1",
        b"Set-Cookie: b=2",
        b"X-Latin: caf\xe9",
        b"X-UTF-8: \xc3\xa9",
        b"X-Long: " + b"x" * 100_000,
        b"X-Baseten-Request-Id: another",
        b"Server: uvicorn",
    ]
    status, headers, body = await called(client)
    assert (status, body) == (200, b"{}")
    assert headers == [
        (b"content-length", b"2"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"x-latin", b"caf\xe9"),
        (b"x-utf-8", b"\xc3\xa9"),
        (b"x-long", b"x" * 100_000),
        (b"x-baseten-request-id", b"r"),
    ]


async def test_a_sync_caller_gets_an_encoded_answer_as_it_is_and_only_if_it_has_asked_for_one(server, client):
    server.headers, server.body = [b"Content-Encoding: gzip"], gzip.compress(b"{}")
    _, headers, body = await called(client)
    assert (b"content-encoding", b"gzip") in headers
    assert body == server.body
    assert b"Accept-Encoding" not in server.asked
    await called(client, **{"Accept-Encoding": "br"})
    assert b"Accept-Encoding: br\r\n" in server.asked


async def test_a_sync_call_has_the_callers_headers_and_the_token_alone(server, client):
    await called(client, **{"X-Its-Own": "1", "Authorization": "Bearer key"})
    names = [line.partition(b":")[0].lower() for line in server.asked.splitlines()[1:-1]]
    assert sorted(names) == [
        b"content-length",
        b"host",
        b"x-baseten-request-id",
        b"x-emulator-token",
        b"x-its-own",
    ]


@pytest.mark.closeness("gzip answer")
async def test_an_async_request_gets_the_decoded_answer(server, client):
    server.headers = [b"Content-Encoding: gzip", b"Content-Type: application/json"]
    server.body = gzip.compress(b'{"a": 1}')
    assert await client.predict(request("r")) == Success(body=b'{"a": 1}')
    assert b"Accept-Encoding: gzip\r\n" in server.asked


async def test_the_outcome_has_the_models_own_status(server, client):
    server.status = 418
    outcome = await client.predict(request("r"))
    assert isinstance(outcome, Failure)
    assert outcome.status == 418


async def test_an_error_that_is_nested_100_000_deep_is_a_failed_attempt(server, client):
    server.status = 500
    server.body = b'{"error": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    outcome = await client.predict(request("r"))
    assert isinstance(outcome, Failure)
    assert outcome.message == server.body[:2_000].decode()
