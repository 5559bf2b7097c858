"""Runs the image of a Truss with Docker, behind a door. `replica` starts it; nothing imports it.

    python container_process.py CONTAINER_JSON LISTENER_FD

It keeps to what `server_process` keeps to: the header that callers must send is the first line of standard
input; the end of the input, or SIGUSR1, ends the container at once; SIGTERM ends it in order; this process
exits with the container's code. The container's own port is published on loopback alone, at a number that
Docker chooses: an image has no door of ours, so other programs of this machine could call the model there.

No value of a variable is an argument of Docker: Docker takes them from its own environment, by their names.
"""

import asyncio
import hmac
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

LABEL = "truss-async"
_PORT = "8080"
"""Where the server in an image listens (the Dockerfile of truss)."""
_HEAD_BYTES = 131_072
_PIECE_BYTES = 65_536
_REFUSED = b'{"error": "this server answers the emulator alone"}'
_NOT_READY = b'{"error": "the container does not answer yet"}'
_POLL_SECONDS = 0.1


def main() -> None:
    """Run the container, and pass calls on to it."""
    container = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    listener = socket.socket(fileno=int(sys.argv[2]))
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as given:
        header = given.readline().strip()
    if not header:
        return  # the emulator has ended
    name = f"{LABEL}-{secrets.token_hex(8)}"
    running = subprocess.Popen(
        [
            *("docker", "run", "--rm", "--name", name, "--label", LABEL),
            *("--publish", f"127.0.0.1::{_PORT}"),
            *(argument for variable in container["variables"] for argument in ("--env", variable)),
            *(argument for volume in container["volumes"] for argument in ("--volume", volume)),
            container["image"],
        ],
        stdin=subprocess.DEVNULL,
    )
    signal.signal(signal.SIGTERM, lambda *_: _docker("stop", "--time", "1", name))
    signal.signal(signal.SIGUSR1, lambda *_: _end_at_once(name))
    threading.Thread(target=_end_when_alone, args=(name,), daemon=True).start()
    threading.Thread(
        target=_pass_on, args=(listener, Door(header, ContainerPort(name).find)), daemon=True
    ).start()
    while True:
        with suppress(subprocess.TimeoutExpired):  # a wait without an end would not see signals
            code = running.wait(_POLL_SECONDS)
            break
    _docker("rm", "--force", name)
    os._exit(code if code >= 0 else 128 - code)


def _docker(*arguments: str) -> str:
    done = subprocess.run(
        ["docker", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return done.stdout


def _end_at_once(name: str) -> None:
    _docker("rm", "--force", name)
    os._exit(1)


def _end_when_alone(name: str) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    _end_at_once(name)


def _pass_on(listener: socket.socket, door: "Door") -> None:
    async def serve() -> None:
        server = await asyncio.start_server(door.answer, sock=listener, limit=_HEAD_BYTES)
        await server.serve_forever()

    asyncio.run(serve())


class Door:
    """Passes on the calls with `header`, without it, one for each connection."""

    def __init__(self, header: bytes, find_port: Callable[[], Awaitable[int]]) -> None:
        name, _, self._token = header.partition(b": ")
        self._name = name.lower()
        self._find_port = find_port

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            if (passed := self._opened(head)) is None:
                _refuse(writer, b"403 Forbidden", _REFUSED)
            else:
                try:
                    inside = await asyncio.open_connection("127.0.0.1", await self._find_port())
                except OSError:
                    _refuse(writer, b"503 Service Unavailable", _NOT_READY)
                else:
                    await _exchange(passed, (reader, writer), inside)
            await writer.drain()
        writer.close()

    def _opened(self, head: bytes) -> "bytes | None":
        """Return the head without the token; None: it is not there. The server closes after the call."""
        first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        given, kept = [], [first]
        for line in lines:
            name, _, value = line.partition(b":")
            if name.lower() == self._name:
                given.append(value.strip())
            elif name.lower() != b"connection":
                kept.append(line)
        if len(given) != 1 or not hmac.compare_digest(given[0], self._token):
            return None
        return b"\r\n".join([*kept, b"Connection: close", b"", b""])


class ContainerPort:
    """The port of this machine at which Docker publishes the server of a container."""

    def __init__(self, container: str) -> None:
        self._container = container
        self._port: int | None = None

    async def find(self) -> int:
        """Return the port. Raises OSError while there is none."""
        if self._port is None:
            said = await asyncio.to_thread(_docker, "port", self._container, f"{_PORT}/tcp")
            _, _, number = said.strip().partition("\n")[0].rpartition(":")
            if not number.isdigit():
                raise OSError("the container has no port yet")
            self._port = int(number)
        return self._port


_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _exchange(head: bytes, outside: _Streams, inside: _Streams) -> None:
    inside[1].write(head)
    sending = asyncio.create_task(_copy(outside[0], inside[1]))
    try:
        await _copy(inside[0], outside[1])
    finally:
        sending.cancel()
        inside[1].close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE_BYTES):
            writer.write(piece)
            await writer.drain()


def _refuse(writer: asyncio.StreamWriter, status: bytes, body: bytes) -> None:
    length = str(len(body)).encode()
    writer.write(
        b"HTTP/1.1 "
        + status
        + b"\r\nContent-Type: application/json\r\nContent-Length: "
        + length
        + b"\r\nConnection: close\r\n\r\n"
        + body
    )


if __name__ == "__main__":
    main()
