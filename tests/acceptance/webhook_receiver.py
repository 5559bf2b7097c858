"""A webhook receiver on loopback, as a caller would run one."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WebhookReceiver:
    """What came, in order; the answers are `statuses`, one after the other, and then 200.

    A path that ends with `refused` is answered 410, whatever.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.statuses: list[int] = []
        self.received: queue.Queue[tuple[Message, bytes]] = queue.Queue()

    def answer(self, path: str) -> int:
        if path.endswith("refused"):
            return 410
        return self.statuses.pop(0) if self.statuses else 200

    def next(self, seconds: float = 20.0) -> tuple[Message, bytes]:
        """The headers and the body of the next delivery."""
        return self.received.get(timeout=seconds)


@contextmanager
def webhook_receiver() -> Iterator[WebhookReceiver]:
    """A receiver on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.answer(self.path))
            self.send_header("Content-Length", "0")
            self.end_headers()
            receiver.received.put((self.headers, body))

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = WebhookReceiver(f"http://localhost:{server.server_port}/hook")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()
