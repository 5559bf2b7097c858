"""`truss-async serve`: what it promises about requests, processes and bad input."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import API_KEY, COMMAND, write_truss

pytestmark = pytest.mark.timeout(240)

# Appends each request id to a file and waits for another file before it answers.
GATED_MODEL = """
import os, pathlib, time
from starlette.requests import Request

class Model:
    def predict(self, model_input, request: Request):
        folder = pathlib.Path(os.environ["FOLDER"])
        with (folder / "seen").open("a") as seen:
            seen.write(request.headers["x-baseten-request-id"] + "\\n")
        while not (folder / "open").exists():
            time.sleep(0.01)
        return {"pid": os.getpid(), "input": model_input}
"""


def seen(folder: Path) -> list[str]:
    file = folder / "seen"
    return file.read_text().split() if file.exists() else []


def processes_under(folder: Path) -> list[int]:
    """Every process whose working directory is below `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if Path(os.readlink(entry / "cwd")).is_relative_to(folder):  # noqa: PTH115
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def wait_until_none_under(folder: Path) -> None:
    deadline = time.monotonic() + 5
    while processes := processes_under(folder):
        assert time.monotonic() < deadline, f"still running: {processes}"
        time.sleep(0.02)


def test_no_acknowledged_request_is_lost_when_the_emulator_is_killed(tmp_path, serve):
    truss = write_truss(tmp_path / "truss", GATED_MODEL)
    arguments = (truss, "--data-dir", tmp_path / "data", "--env", f"FOLDER={tmp_path}")
    first = serve(*arguments).wait_until_ready()
    request_ids = [first.submit({"number": number}) for number in range(20)]
    first.wait(request_ids[0], lambda status: status == "IN_PROGRESS")
    first.kill()
    wait_until_none_under(tmp_path / "data")

    second = serve(*arguments)
    (tmp_path / "open").touch()
    for request_id in request_ids:
        second.wait(request_id, lambda status: status == "SUCCEEDED")
    assert set(seen(tmp_path)) == set(request_ids)
    assert [request_id for request_id in request_ids[1:] if seen(tmp_path).count(request_id) != 1] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_and_keeps_the_queue(tmp_path, serve, number):
    truss = write_truss(tmp_path / "truss", GATED_MODEL)
    arguments = (truss, "--data-dir", tmp_path / "data", "--env", f"FOLDER={tmp_path}")
    serving = serve(*arguments).wait_until_ready()
    request_id = serving.submit({})
    serving.wait(request_id, lambda status: status == "IN_PROGRESS")
    assert serving.stop(number) == 0
    assert "Traceback" not in serving.output
    wait_until_none_under(tmp_path / "data")
    (tmp_path / "open").touch()
    serve(*arguments).wait(request_id, lambda status: status == "SUCCEEDED")


def test_a_model_server_that_dies_is_replaced_and_its_request_runs_again(tmp_path, serve):
    model = """
import os, pathlib
class Model:
    def predict(self, model_input):
        marker = pathlib.Path(os.environ["FOLDER"]) / "died"
        if not marker.exists():
            marker.touch()
            os._exit(9)
        return "alive"
"""
    truss = write_truss(tmp_path / "truss", model)
    serving = serve(truss, "--data-dir", tmp_path / "data", "--env", f"FOLDER={tmp_path}").wait_until_ready()
    request_id = serving.submit({}, inference_retry_config={"max_attempts": 2, "initial_delay_ms": 0})
    serving.wait(request_id, lambda status: status == "SUCCEEDED")
    assert "the model server ended with 9; starting another" in serving.output


def test_a_truss_sees_what_baseten_would_give_it_and_not_the_shell(tmp_path, serve):
    model = """
import os
from starlette.requests import Request

class Model:
    def __init__(self, **kwargs):
        self._secrets = kwargs["secrets"]

    def preprocess(self, model_input):
        return {**model_input, "preprocessed": True}

    async def predict(self, model_input, request: Request):
        names = ("BT_MODEL_ID", "BT_MODEL_DEPLOYMENT_ID", "FLAG", "GIVEN", "FROM_SHELL", "STRAY")
        import bundled
        return {
            **model_input,
            "secret": self._secrets["token"],
            "bundled": bundled.VALUE,
            "request_id": request.headers["x-baseten-request-id"],
            **{name: os.environ.get(name) for name in names},
        }
"""
    config = "environment_variables: {FLAG: true}\nsecrets: {token: null}\n"
    truss = write_truss(tmp_path / "truss", model, config)
    (truss / "packages").mkdir()
    (truss / "packages" / "bundled.py").write_text("VALUE = 7")
    identity = ("--model-id", "m1", "--deployment-id", "d1", "--data-dir", tmp_path / "data")
    environ = {"TRUSS_SECRET_token": "hidden", "FROM_SHELL": "shell", "STRAY": "stray"}
    serving = serve(truss, *identity, "--env", "GIVEN=x=y", "--env", "FROM_SHELL", environ=environ)
    serving.wait_until_ready()
    with serving.http() as http:
        response = http.post("/production/predict", json={"a": 1})
    assert response.json() == {
        "a": 1,
        "preprocessed": True,
        "secret": "hidden",
        "bundled": 7,
        "request_id": response.headers["x-baseten-request-id"],
        "BT_MODEL_ID": "m1",
        "BT_MODEL_DEPLOYMENT_ID": "d1",
        "FLAG": "true",
        "GIVEN": "x=y",
        "FROM_SHELL": "shell",
        "STRAY": None,
    }
    assert "hidden" not in serving.output


def test_sync_calls_pass_through_and_go_first(tmp_path, serve):
    truss = write_truss(tmp_path / "truss", GATED_MODEL)
    arguments = (truss, "--data-dir", tmp_path / "data", "--env", f"FOLDER={tmp_path}")
    serving = serve(*arguments).wait_until_ready()
    running, waiting = serving.submit({}), serving.submit({})
    serving.wait(running, lambda status: status == "IN_PROGRESS")
    with serving.http() as http, httpx.Client() as plain:
        assert plain.post(f"{serving.base_url}/production/predict", json={}).status_code == 401
        (tmp_path / "open").touch()
        response = http.post("/environments/production/predict", json={"sync": True})
    assert response.status_code == 200
    assert response.json()["input"] == {"sync": True}
    serving.wait(waiting, lambda status: status == "SUCCEEDED")


def test_a_models_refusal_reaches_the_caller(tmp_path, serve):
    model = """
from fastapi import HTTPException
class Model:
    def predict(self, model_input):
        if model_input == "bug":
            raise ValueError("hidden")
        raise HTTPException(422, "name: is missing")
"""
    truss = write_truss(tmp_path / "truss", model)
    serving = serve(truss, "--data-dir", tmp_path / "data").wait_until_ready()
    with serving.http() as http:
        response = http.post("/production/predict", json={})
        assert (response.status_code, response.json()) == (422, {"error": "name: is missing"})
    refused = serving.wait(serving.submit({}), lambda status: status == "FAILED")
    assert refused["errors"] == [{"code": "MODEL_INVALID_INPUT", "message": "name: is missing"}]
    broken = serving.submit("bug", inference_retry_config={"max_attempts": 1})
    failed = serving.wait(broken, lambda status: status == "FAILED")
    assert failed["errors"] == [
        {"code": "MODEL_PREDICT_ERROR", "message": "Internal Server Error (in model/chainlet)."}
    ]


def test_a_model_that_does_not_load_ends_the_command_with_its_traceback(tmp_path, serve):
    model = """
class Model:
    def load(self):
        raise RuntimeError("no weights")
    def predict(self, model_input): ...
"""
    serving = serve(write_truss(tmp_path / "truss", model), "--data-dir", tmp_path / "data")
    assert serving.process.wait(timeout=60) == 1
    assert "Traceback (most recent call last)" in serving.output
    assert serving.output.endswith("truss-async: the model failed to load: RuntimeError: no weights")


def run_serve(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "serve", *map(str, arguments), "--api-key", API_KEY],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, "no Truss: a Truss has a config.yaml"),
        ("python_version: py27\n", "python_version: "),
        ("requirements: 3\n", "requirements: "),
        ("model_class_filename: main.py\n", "model/main.py: config.yaml names this file as the model"),
        ("a: [1\n", "config.yaml"),
        ("system_packages: [ffmpeg]\n", "config.yaml: system_packages: ['ffmpeg'] cannot be emulated"),
    ],
)
def test_a_folder_that_cannot_be_served_is_named_in_one_line(tmp_path, config, expected):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.py").write_text("class Model:\n    def predict(self, i): ...\n")
    if config is not None:
        (tmp_path / "config.yaml").write_text(config)
    done = run_serve(tmp_path, "--port", "0", "--data-dir", tmp_path / "data")
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("truss-async: ")
    assert expected in last
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named(tmp_path):
    truss = write_truss(tmp_path / "truss", "class Model:\n    def predict(self, i): ...\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_serve(truss, "--port", str(port), "--data-dir", tmp_path / "data")
    assert done.returncode == 2
    assert f"truss-async: port {port} is in use" in done.stderr
    assert "Traceback" not in done.stderr
