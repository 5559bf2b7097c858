"""Stands between a store and its server, and lets requests fail in every way a network can."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from aiohttp import web
from yarl import URL

from benchmarks.loopback_server import loopback_server

FAULTS = ("reset", "lost answer", "cut body", "stall", "500", "503")
_STALL_SECONDS = 0.3
_HOP_BY_HOP = {"connection", "content-length", "expect", "transfer-encoding"}


class FaultProxy:
    """Passes requests on to `target`; each fails with probability `share`, by a fault drawn from `seed`."""

    def __init__(self, target: str, share: float, seed: int) -> None:
        self.url = ""
        self.faults: Counter[str] = Counter()
        self.share = share
        self._target = URL(target)
        self._random = random.Random(seed)

    @classmethod
    @contextmanager
    def before(cls, target: str, *, share: float, seed: int) -> Iterator["FaultProxy"]:
        """Run a proxy on a port of its own."""
        proxy = cls(target, share, seed)
        with loopback_server(proxy._handle) as proxy.url:
            yield proxy

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        fault = self._random.choice(FAULTS) if self._random.random() < self.share else ""
        if fault:
            self.faults[fault] += 1
        match fault:
            case "reset":
                return self._broken_off(request)
            case "stall":
                await asyncio.sleep(_STALL_SECONDS)
                return self._broken_off(request)
            case "cut body":
                await request.content.read(100)
                return self._broken_off(request)
            case "500" | "503":
                await request.read()
                code = "InternalError" if fault == "500" else "SlowDown"
                return web.Response(status=int(fault), body=f"<Error><Code>{code}</Code></Error>".encode())
        answer = await self._forward(request)
        return self._broken_off(request) if fault == "lost answer" else answer

    async def _forward(self, request: web.Request) -> web.Response:
        url = URL(f"{self._target}{request.raw_path}", encoded=True)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(
                request.method, url, headers=headers, data=await request.read(), allow_redirects=False
            ) as response,
        ):
            body = await response.read()
            passed = {
                name: value for name, value in response.headers.items() if name.lower() not in _HOP_BY_HOP
            }
            if request.method == "HEAD" and "Content-Length" in response.headers:
                passed["Content-Length"] = response.headers["Content-Length"]
            return web.Response(status=response.status, headers=passed, body=body)

    @staticmethod
    def _broken_off(request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
