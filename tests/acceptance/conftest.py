"""The shipped command in a process of its own, around the real Truss server."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

COMMAND = Path(sys.executable).with_name("truss-async")
API_KEY = "an-acceptance-key"
START_TIMEOUT_SECONDS = 180.0
"""Long enough to install a model's requirements on a machine that has none of them."""


class Serving:
    """A running `truss-async serve` and what it prints."""

    def __init__(self, *arguments: str | Path, environ: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [COMMAND, "serve", *map(str, arguments), "--port", "0", "--api-key", API_KEY],
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.base_url = self._wait_for_line(r"^serving .* on (http://\S+)$")

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def _wait_for_line(self, pattern: str) -> str:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            for line in list(self.lines):
                if match := re.search(pattern, line):
                    return match.group(1)
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise AssertionError(f"no line like {pattern!r} in:\n{self.output}")

    def wait_until_ready(self) -> "Serving":
        self._wait_for_line(r"^(ready): ")
        return self

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.base_url, headers={"Authorization": f"Bearer {API_KEY}"})

    def submit(self, model_input: object, **fields: object) -> str:
        with self.http() as http:
            response = http.post("/production/async_predict", json={"model_input": model_input, **fields})
        assert response.status_code == 201, response.text
        request_id: str = response.json()["request_id"]
        return request_id

    def status(self, request_id: str) -> dict[str, object]:
        with self.http() as http:
            response = http.get(f"/async_request/{request_id}")
        assert response.status_code == 200, response.text
        status: dict[str, object] = response.json()
        return status

    def wait(self, request_id: str, until: Callable[[str], bool], seconds: float = 30.0) -> dict[str, object]:
        deadline = time.monotonic() + seconds
        while not until(str((status := self.status(request_id))["status"])):
            assert time.monotonic() < deadline, f"{status}\n{self.output}"
            time.sleep(0.02)
        return status

    def kill(self) -> None:
        """`kill -9`, as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self, number: int = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(timeout=20)
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return self.process.returncode


Serve = Callable[..., Serving]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts emulators; ends those that the test leaves running."""
    started: list[Serving] = []

    def start(*arguments: str | Path, environ: dict[str, str] | None = None) -> Serving:
        started.append(Serving(*arguments, environ=environ))
        return started[-1]

    yield start
    for serving in started:
        serving.stop()


def write_truss(folder: Path, model: str, config: str = "") -> Path:
    """A Truss with no requirements of its own, so that all of them share one environment."""
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "model.py").write_text(model)
    (folder / "config.yaml").write_text(f"model_name: tested\npython_version: py311\n{config}")
    return folder
