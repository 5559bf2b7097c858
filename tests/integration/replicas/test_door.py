"""Only the emulator reaches a model's server, although everything on this machine reaches its port."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from async_emulator.prediction.model import TOKEN_HEADER
from async_emulator.replicas.server_process import Door
from tests.integration.replicas.process_tree import Connections

TOKEN = secrets.token_urlsafe(32)
HEADER = f"{TOKEN_HEADER}: {TOKEN}".encode()


async def _show(scope: dict[str, Any], receive: object, send: Any) -> None:
    body = json.dumps([name.decode() for name, _ in scope["headers"]]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def _behind_the_door(**headers: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Door(_show, HEADER))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", **headers)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(TOKEN_HEADER, "")],
        [(TOKEN_HEADER, TOKEN[:-1])],
        [(TOKEN_HEADER, TOKEN + "x")],
        [(TOKEN_HEADER, TOKEN), (TOKEN_HEADER, TOKEN)],
        [("Authorization", f"Bearer {TOKEN}")],
        [("Host", "rebound.example"), ("Origin", "https://rebound.example")],
    ],
)
async def test_a_call_without_the_token_is_refused_before_its_body_is_read(headers):
    async def body() -> AsyncIterator[bytes]:
        raise AssertionError("the body is not read")
        yield b""

    async with _behind_the_door(headers=headers) as http:
        for method, path in [("POST", "/v1/models/model:predict"), ("GET", "/metrics"), ("OPTIONS", "/")]:
            answer = await http.request(method, path, content=body())
            assert answer.status_code == 403
            assert answer.json() == {"error": "this server answers the emulator alone"}
            assert TOKEN not in str(answer.headers)


async def test_a_call_with_the_token_reaches_the_model_without_it():
    async with _behind_the_door(headers={TOKEN_HEADER.lower(): TOKEN}) as http:
        seen = (await http.get("/v1/models/model")).json()
    assert "host" in seen
    assert TOKEN_HEADER.lower() not in seen


@pytest.mark.parametrize(("kind", "reaches"), [("lifespan", True), ("websocket", False)])
async def test_a_server_starts_behind_the_door_and_takes_no_stranger_s_websocket(kind, reaches):
    reached, sent = [], []

    async def app(scope: dict[str, Any], receive: object, send: object) -> None:
        reached.append(scope["type"])

    async def nothing() -> dict[str, Any]:
        raise AssertionError("nothing is received")

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    await Door(app, HEADER)({"type": kind, "headers": []}, nothing, send)
    assert reached == ([kind] if reaches else [])
    assert sent == ([] if reaches else ["websocket.close"])


class _Remembered(Connections):
    def __init__(self) -> None:
        self.base_url = self.token = ""

    async def connect(self, base_url: str, token: str):
        self.base_url, self.token = base_url, token
        return await super().connect(base_url, token)


@pytest.mark.closeness("model's door")
async def test_the_token_is_known_to_nobody_but_the_emulator_and_the_door(tree):
    connections = _Remembered()
    replica = await tree.start("", connections)
    stranger_s = {TOKEN_HEADER: "stranger's", "x-own": "kept"}
    try:
        async with replica.client.forward(b"{}", stranger_s, "id") as answer:
            seen = json.loads(await answer.read())
        async with httpx.AsyncClient(trust_env=False) as stranger:
            refused = await stranger.get(f"{connections.base_url}/v1/models/model", headers=stranger_s)
    finally:
        await asyncio.wait_for(replica.stop(), 10)
    assert refused.status_code == 403
    assert seen["headers"]["x-own"] == "kept"
    assert TOKEN_HEADER.lower() not in seen["headers"]
    assert len(connections.token) >= 43
    assert connections.token not in f"{seen} {tree.lines}"
