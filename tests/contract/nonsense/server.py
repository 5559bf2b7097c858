"""A server that gives one answer to every request, whatever was asked."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_HTML = b"<html><body>Welcome to this hotel's network</body></html>"
_PAGE = {"Content-Type": "text/html"}
_XML = {"Content-Type": "application/xml"}
_JSON = {"Content-Type": "application/json"}

ANSWERS: dict[str, dict[str, Any]] = {
    "a page": {"body": _HTML, "headers": _PAGE},
    "a page for what is missing": {"status": 404, "body": _HTML, "headers": _PAGE},
    "a refusal that quotes the key": {
        "status": 403,
        "body": b"<Error><Code>AccessDenied</Code><Message>SECRET</Message></Error>",
        "headers": _XML,
    },
    "no answer at all": {"body": b""},
    "xml that ends early": {"body": b"<?xml version='1.0'?><ListBucketResult><Contents>", "headers": _XML},
    "json of another type": {"body": b"[1, 2]", "headers": _JSON},
    "json of other fields": {"body": b'{"items": [{"name": 7}], "size": null}', "headers": _JSON},
    "json that ends early": {"body": b'{"items": [', "headers": _JSON},
    "a body that is shorter than told": {"body": b"x", "length": 1_000},
    "a redirect without a target": {"status": 307},
    "half of a chunk was stored": {
        "headers": {"Location": "{endpoint}/upload", "Range": "bytes=0-262143"},
        "put_status": 308,
    },
    "a status that is none": {"status": 299, "body": b"?"},
    "wrong times": {
        "headers": {"Last-Modified": "yesterday", "ETag": "x", "x-goog-generation": "y"},
        "body": b"x",
    },
}


@dataclass
class Nonsense:
    """`length` is what the answer says of its body's length, None for the truth; `put_status` is a PUT's."""

    endpoint: str = ""
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    put_status: int | None = None

    def be(self, name: str, secret: str) -> None:
        """Give this answer from now on, with the secret in it."""
        self.status, self.body, self.headers, self.length, self.put_status = 200, b"", {}, None, None
        for part, value in ANSWERS[name].items():
            setattr(self, part, value)
        self.body = self.body.replace(b"SECRET", secret.encode())
        self.headers = {name: value.format(endpoint=self.endpoint) for name, value in self.headers.items()}


@contextmanager
def served() -> Iterator[Nonsense]:
    nonsense = Nonsense()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self.connection.settimeout(5)

        def answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            if self.headers.get("Transfer-Encoding"):
                self.close_connection = True
            while size > 0:
                size -= len(self.rfile.read(min(size, 1 << 20)) or b" " * size)
            is_other = self.command == "PUT" and nonsense.put_status is not None
            self.send_response(nonsense.put_status or 0 if is_other else nonsense.status)
            for name, value in nonsense.headers.items():
                self.send_header(name, value)
            told = len(nonsense.body) if nonsense.length is None else nonsense.length
            self.send_header("Content-Length", str(told))
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(nonsense.body)
            self.close_connection = True

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

        def log_message(self, *args: object) -> None:
            """Not a word on stderr."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        nonsense.endpoint = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield nonsense
        finally:
            server.shutdown()
            thread.join()
