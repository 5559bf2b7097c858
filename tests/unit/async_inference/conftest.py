"""The async API, played by a small HTTP server with scripted answers."""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from async_inference.client import AsyncInferenceClient
from async_inference.endpoint import Endpoint

KEY = "test-key-4711"


@dataclass(frozen=True, kw_only=True)
class Call:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ScriptedApi:
    """Gives each route its scripted answers, in order; the last one repeats."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.asked = threading.Event()
        self._answers: dict[tuple[str, str], deque[tuple[int, bytes, dict[str, str]]]] = defaultdict(deque)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(
        self, method: str, path: str, status: int, body: Any, headers: dict[str, str] | None = None
    ) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._answers[method, path].append((status, content, headers or {}))

    def accept(self, request_id: str) -> None:
        self.answer("POST", "/production/async_predict", 201, {"request_id": request_id})

    def has_status(self, request_id: str, status: str, *, errors: list[dict[str, str]] | None = None) -> None:
        self.answer("GET", f"/async_request/{request_id}", 200, status_record(request_id, status, errors))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                api.calls.append(Call(method=self.command, path=self.path, headers=headers, body=body))
                answers = api._answers[self.command, self.path]
                if not answers:
                    answers.append((404, b'{"error": "the test expects no such call"}', {}))
                status, content, extra = answers.popleft() if len(answers) > 1 else answers[0]
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                for name, value in extra.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
                api.asked.set()

            do_GET = do_POST = do_DELETE = _serve

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def status_record(request_id: str, status: str, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """The status document of a request, as the API answers it."""
    return {
        "request_id": request_id,
        "model_id": "abc123",
        "deployment_id": "def456",
        "status": status,
        "webhook_status": "NO_WEBHOOK_PROVIDED",
        "created_at": "2025-03-27T00:17:51.578558Z",
        "status_at": "2025-03-27T00:18:38.768572Z",
        "errors": errors or [],
    }


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    scripted = ScriptedApi()
    yield scripted
    scripted.close()


@pytest.fixture
def client(api: ScriptedApi) -> Iterator[AsyncInferenceClient]:
    with AsyncInferenceClient(api_key=KEY, endpoint=Endpoint(base_url=api.url)) as made:
        yield made


@pytest.fixture
def api_key() -> str:
    return KEY
