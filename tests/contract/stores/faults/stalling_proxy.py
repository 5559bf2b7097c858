"""Stands between a store and its server, and lets connections stall."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class StallingProxy:
    """Passes bytes on to `target`. As many connections as `stalls` says are read from, and never answered.

    `stalls_within` is the number of bytes after which the next connection is not even read from, once; 0 for
    none.
    """

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self.stalls = 0
        self.stalls_within = 0
        self._target = (parts.hostname, parts.port)
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = urlunsplit(parts._replace(netloc=f"127.0.0.1:{port}"))

    @classmethod
    @contextmanager
    def before(cls, target: str) -> Iterator["StallingProxy"]:
        """Run a proxy on a port of its own."""
        proxy = cls(target)
        threading.Thread(target=proxy._accept, daemon=True).start()
        try:
            yield proxy
        finally:
            for each in (proxy._listener, *proxy._open):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                if self.stalls > 0:
                    self.stalls -= 1
                    threading.Thread(target=self._swallow, args=(client,), daemon=True).start()
                    continue
                if self.stalls_within:
                    self._read(client, self.stalls_within)
                    self.stalls_within = 0
                    continue
                server = socket.create_connection(self._target)
                self._open.append(server)
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    @staticmethod
    def _read(client: socket.socket, most: int) -> None:
        while most > 0:
            most -= len(client.recv(min(most, 65_536))) or most

    @staticmethod
    def _swallow(client: socket.socket) -> None:
        with suppress(OSError):
            while client.recv(65_536):
                pass

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
