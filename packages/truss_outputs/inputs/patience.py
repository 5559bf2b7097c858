"""How long a server is waited for, however little it sends at a time."""

import http.client
import io
import socket
import time
from collections.abc import Callable
from typing import Any

from truss_outputs.deadline import MIN_RATE


class TooSlow(TimeoutError):
    """Raised where a server was waited for as long as it may be."""


class Patience:
    """The time that one server is waited for, in seconds: `step` for each read, and for all of them."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._left = step

    def allow(self, size: int) -> None:
        """Add the time that a body of `size` bytes may take."""
        self._left += size / MIN_RATE

    def answer(self, sock: socket.socket, **named: Any) -> http.client.HTTPResponse:
        """Make the answer that is read from this connection."""
        made = http.client.HTTPResponse(sock, **named)
        made.fp = io.BufferedReader(_WaitedFor(made.fp.detach(), sock, self))
        return made

    def wait_for(self, read: Callable[[], int | None], sock: socket.socket) -> int | None:
        """Read once from the connection. Raises TimeoutError."""
        if self._left <= 0:
            raise TooSlow
        sock.settimeout(min(self._step, self._left))
        started = time.monotonic()
        try:
            return read()
        finally:
            self._left -= time.monotonic() - started


class _WaitedFor(io.RawIOBase):
    """The bytes of a connection."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, patience: Patience) -> None:
        self._raw = raw
        self._socket = sock
        self._patience = patience

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        return self._patience.wait_for(lambda: self._raw.readinto(buffer), self._socket)

    def close(self) -> None:
        self._raw.close()
        super().close()
