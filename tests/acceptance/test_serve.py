"""`truss-async serve`: what it promises about requests, processes and bad input."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import write_truss

pytestmark = pytest.mark.timeout(240)

COMMAND = Path(sys.executable).with_name("truss-async")

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
        return {"input": model_input}
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
                if (entry / "cwd").readlink().is_relative_to(folder):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def wait_until_none_under(folder: Path) -> None:
    deadline = time.monotonic() + 5
    while processes := processes_under(folder):
        assert time.monotonic() < deadline, f"still running: {processes}"
        time.sleep(0.02)


@pytest.mark.closeness("acknowledged is kept")
def test_no_acknowledged_request_is_lost_when_the_emulator_is_killed(tmp_path, serve):
    truss = write_truss(tmp_path / "truss", GATED_MODEL)
    arguments = (truss, "--data-dir", tmp_path / "data", "--env", f"FOLDER={tmp_path}")
    first = serve(*arguments)
    request_ids = [first.submit({"number": number}) for number in range(20)]
    first.wait(request_ids[0], "IN_PROGRESS")
    first.emulator.kill()
    wait_until_none_under(tmp_path / "data")

    (tmp_path / "open").touch()
    second = serve(*arguments)
    for request_id in request_ids:
        second.wait(request_id, "SUCCEEDED")
    runs = [seen(tmp_path).count(request_id) for request_id in request_ids]
    assert runs[0] in (1, 2)  # it was running when the emulator died
    assert runs[1:] == [1] * 19


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.prove)])
def test_a_signal_ends_everything_and_keeps_the_queue(tmp_path, serve, number):
    truss = write_truss(tmp_path / "truss", GATED_MODEL)
    arguments = (truss, "--data-dir", tmp_path / "data", "--env", f"FOLDER={tmp_path}")
    first = serve(*arguments)
    request_id = first.submit({})
    first.wait(request_id, "IN_PROGRESS")
    assert first.emulator.stop(number) == 0
    assert "Traceback" not in first.emulator.output
    wait_until_none_under(tmp_path / "data")
    (tmp_path / "open").touch()
    serve(*arguments).wait(request_id, "SUCCEEDED")


@pytest.mark.truss
def test_requests_are_taken_and_health_is_503_while_the_model_loads(tmp_path, serve):
    model = """
import os, pathlib, time
class Model:
    def load(self):
        while not (pathlib.Path(os.environ["FOLDER"]) / "open").exists():
            time.sleep(0.01)
    def predict(self, model_input):
        return model_input
"""
    truss = write_truss(tmp_path / "truss", model)
    arguments = (truss, "--data-dir", tmp_path / "data", "--env", f"FOLDER={tmp_path}")
    caller = serve(*arguments, is_ready=False)
    assert caller.http.get("/healthz").status_code == 503
    request_id = caller.submit({})
    (tmp_path / "open").touch()
    caller.wait(request_id, "SUCCEEDED")
    assert caller.http.get("/healthz").status_code == 200


@pytest.mark.truss
@pytest.mark.closeness("truss server", "request id header")
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
    caller = serve(truss, *identity, "--env", "GIVEN=x=y", "--env", "FROM_SHELL", environ=environ)
    response = caller.http.post("/production/predict", json={"a": 1})
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
    assert "hidden" not in caller.emulator.output
    assert caller.emulator.api_key not in caller.emulator.output


def test_a_sync_call_passes_through_and_a_caller_who_leaves_frees_his_slot(tmp_path, serve):
    truss = write_truss(tmp_path / "truss", GATED_MODEL)
    caller = serve(truss, "--data-dir", tmp_path / "data", "--env", f"FOLDER={tmp_path}")
    with pytest.raises(httpx.ReadTimeout):
        caller.http.post("/production/predict", json={}, timeout=0.5)
    (tmp_path / "open").touch()
    response = caller.http.post("/environments/production/predict", json={"sync": True})
    assert (response.status_code, response.json()) == (200, {"input": {"sync": True}})


@pytest.mark.truss
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
    caller = serve(truss, "--data-dir", tmp_path / "data")
    response = caller.http.post("/production/predict", json={})
    assert (response.status_code, response.json()) == (422, {"error": "name: is missing"})
    refused = caller.wait(caller.submit({}), "FAILED")
    assert refused["errors"] == [{"code": "MODEL_INVALID_INPUT", "message": "name: is missing"}]
    broken = caller.submit("bug", inference_retry_config={"max_attempts": 1})
    assert caller.wait(broken, "FAILED")["errors"] == [
        {"code": "MODEL_PREDICT_ERROR", "message": "Internal Server Error (in model/chainlet)."}
    ]


@pytest.mark.truss
def test_a_model_that_does_not_load_ends_the_command_with_its_traceback(tmp_path, serve):
    model = """
class Model:
    def load(self):
        raise RuntimeError("no weights")
    def predict(self, model_input): ...
"""
    truss = write_truss(tmp_path / "truss", model)
    caller = serve(truss, "--data-dir", tmp_path / "data", is_ready=False)
    assert caller.emulator.wait(60) == 1
    assert "Traceback (most recent call last)" in caller.emulator.output
    assert caller.emulator.lines[-1] == "truss-async: the model failed to load: RuntimeError: no weights"


def run_serve(*arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "serve", *map(str, arguments)],
        env={**os.environ, "BASETEN_API_KEY": "k", **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_last_line(done: subprocess.CompletedProcess[str], expected: str) -> None:
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("truss-async: ")
    assert expected in last


def assert_one_line(done: subprocess.CompletedProcess[str], expected: str) -> None:
    assert_last_line(done, expected)
    assert "Traceback" not in done.stderr


@pytest.mark.truss
@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, "no Truss: a Truss has a config.yaml"),
        ("python_version: py27\n", "config.yaml: python_version: "),
        ("a: [1\n", "config.yaml"),
        ("model_metadata: {truss_outputs: {url: ftp://x}}\n", "model_metadata.truss_outputs.url: found"),
    ],
)
def test_a_folder_that_cannot_be_served_is_named_in_one_line(tmp_path, config, expected):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.py").write_text("class Model:\n    def predict(self, i): ...\n")
    if config is not None:
        (tmp_path / "config.yaml").write_text(config)
    assert_one_line(run_serve(tmp_path, "--port", "0", "--data-dir", tmp_path / "data"), expected)


@pytest.mark.truss
def test_a_model_that_lacks_a_module_is_named(tmp_path):
    """After the model's own traceback, as on Baseten."""
    truss = write_truss(tmp_path / "truss", "import pytest\n\nclass Model:\n    def predict(self, i): ...\n")
    done = run_serve(truss, "--port", "0", "--data-dir", tmp_path / "data")
    reason = "ModuleNotFoundError: No module named 'pytest': add it to the requirements"
    assert_last_line(done, f"{truss}: {reason}")


def test_no_folder_at_all_is_named(tmp_path):
    assert_one_line(run_serve(tmp_path / "nowhere"), "nowhere: there is no such folder")


def test_a_port_in_use_is_named(tmp_path):
    truss = write_truss(tmp_path / "truss", "class Model:\n    def predict(self, i): ...\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_serve(truss, "--port", str(port), "--data-dir", tmp_path / "data")
    assert_one_line(done, f"port {port} is in use")


def test_a_data_directory_in_use_is_named(tmp_path, serve):
    truss = write_truss(tmp_path / "truss", "class Model:\n    def predict(self, i): ...\n")
    serve(truss, "--data-dir", tmp_path / "data", is_ready=False).submit({})
    done = run_serve(truss, "--port", "0", "--data-dir", tmp_path / "data")
    assert_one_line(done, f"{tmp_path / 'data'} is in use by another truss-async serve")


def test_a_variable_that_is_not_set_is_named(tmp_path):
    assert_one_line(run_serve(tmp_path, "--env", "NOT_SET_ANYWHERE"), "NOT_SET_ANYWHERE is not set here")
