"""Many small calls over a few connections, by a client that takes as little of the machine as it can.

It shares the cores with the server that is measured, so each connection is a bare protocol on uvloop, the
message is made once, and of the answer only its status and its length are looked at.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import quantiles
from typing import cast
from urllib.parse import urlsplit

import uvloop


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """How a number of calls went. Times are in seconds."""

    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Calls a second."""
        return len(self.latencies) / self.seconds

    @property
    def p50(self) -> float:
        """What half of the calls did not take."""
        return quantiles(self.latencies, n=100)[49]

    @property
    def p99(self) -> float:
        """What 99 of 100 calls did not take."""
        return quantiles(self.latencies, n=100)[98]


def http_message(url: str, method: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """A call as it goes over the wire."""
    parts = urlsplit(url)
    lines = [f"{method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
    if body:
        lines.append("Content-Type: application/json")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def run_load(url: str, message: bytes, *, calls: int, connections: int, status: int) -> Load:
    """Make so many calls, one at a time on each connection. Raises RuntimeError for another status."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(url, message, calls, connections, status))


async def _run(url: str, message: bytes, calls: int, connections: int, status: int) -> Load:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    turns = iter(range(calls))
    opened = [
        await loop.create_connection(
            lambda: _Caller(message, b"HTTP/1.1 %d" % status, turns, latencies), host, port
        )
        for _ in range(connections)
    ]
    started = time.perf_counter()
    for _, caller in opened:
        caller.begin()
    try:
        await asyncio.gather(*(caller.ended for _, caller in opened))
    finally:
        for transport, _ in opened:
            transport.close()
    return Load(seconds=time.perf_counter() - started, latencies=latencies)


class _Caller(asyncio.Protocol):
    """One connection: the next call begins when the last was answered."""

    def __init__(self, message: bytes, expected: bytes, turns: Iterator[int], latencies: list[float]) -> None:
        self._message = message
        self._expected = expected
        self._turns = turns
        self._latencies = latencies
        self._answer = b""
        self._sent_at = 0.0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection until there is something to send."""
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's are in no class of asyncio

    def begin(self) -> None:
        """Send the message, unless all have been sent."""
        if next(self._turns, None) is None:
            self.ended.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(self._message)

    def data_received(self, data: bytes) -> None:
        """Take a part of the answer, and go on when it is whole."""
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        if not head.startswith(self._expected):
            self._fail(self._answer.decode(errors="replace"))
            return
        self._latencies.append(time.perf_counter() - self._sent_at)
        self._answer = b""
        self.begin()

    def connection_lost(self, error: Exception | None) -> None:
        """The server has left: an error, where there was more to ask."""
        self._fail(f"the connection was lost: {error}")

    def _fail(self, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_exception(RuntimeError(reason))


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].split(None, 1)[0])
