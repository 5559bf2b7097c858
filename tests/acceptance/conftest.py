"""The shipped command in a process of its own, around the real Truss server."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from async_emulator.testing.emulator_process import EmulatorProcess
from tests.s3_server import s3_with_bucket

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND = Path(sys.executable).with_name("truss-async")
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDNEVERSHOWN000001",
    "AWS_SECRET_ACCESS_KEY": "a-key-never-shown/+0123456789abc",
}


class Caller:
    """Calls one emulator as any HTTP client would."""

    def __init__(self, emulator: EmulatorProcess) -> None:
        self.emulator = emulator
        self.http = httpx.Client(base_url=emulator.base_url, headers=emulator.headers, trust_env=False)

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def submit(self, model_input: object, **fields: object) -> str:
        body = {"model_input": model_input, **fields}
        response = self.http.post("/production/async_predict", json=body)
        assert response.status_code == 201, response.text
        request_id: str = response.json()["request_id"]
        return request_id

    def status(self, request_id: str) -> dict[str, Any]:
        response = self.http.get(f"/async_request/{request_id}")
        assert response.status_code == 200, response.text
        status: dict[str, Any] = response.json()
        return status

    def wait(self, request_id: str, status: str, seconds: float = 30.0) -> dict[str, Any]:
        """Follow the request until it has this status; a request that ended otherwise is a failure."""
        deadline = time.monotonic() + seconds
        while (seen := self.status(request_id))["status"] != status:
            is_over = seen["status"] not in ("QUEUED", "IN_PROGRESS")
            assert not is_over, f"{seen}\n{self.emulator.output}"
            assert time.monotonic() < deadline, f"{seen}\n{self.emulator.output}"
            time.sleep(0.01)
        return seen


Serve = Callable[..., Caller]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts emulators, to be asked as often as a test likes; ends those that the test leaves running."""
    callers: list[Caller] = []

    def start(
        truss_dir: Path,
        *arguments: str | Path,
        environ: dict[str, str] | None = None,
        is_ready: bool = True,
    ) -> Caller:
        emulator = EmulatorProcess(truss_dir, "--no-rate-limits", *arguments, environ=environ)
        callers.append(Caller(emulator))
        if is_ready:
            emulator.wait_until_ready()
        return callers[-1]

    yield start
    for caller in callers:
        caller.http.close()
        caller.emulator.stop()


def write_truss(folder: Path, model: str, config: str = "") -> Path:
    """A Truss with no requirements of its own, so that all of them share one environment."""
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "model.py").write_text(model)
    (folder / "config.yaml").write_text(f"model_name: tested\npython_version: py311\n{config}")
    return folder


def truss_async(emulator: EmulatorProcess, *arguments: str | Path, **environ: str):
    service = {"BASETEN_API_KEY": emulator.api_key, "TRUSS_ASYNC_BASE_URL": emulator.base_url}
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **service, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, str]]:
    """The variables that lead any AWS SDK to a server on this machine, which has one bucket, `results`."""
    with s3_with_bucket("results") as endpoint:
        yield {**KEYS, "AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": "us-east-1"}
