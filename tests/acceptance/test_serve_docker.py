"""`truss-async serve --docker`, with a Docker that only writes down how it is called."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import write_truss
from tests.acceptance.test_serve import assert_last_line, run_serve

MODEL = "class Model:\n    def predict(self, i): ...\n"
CONFIG = """
base_image: {image: nvidia/cuda}
secrets: {token: null}
environment_variables: {FLAG: 3, HOME: /nowhere}
weights: [{source: "hf://a/b@main", mount_location: /models/b}]
"""
SECRET = "never-an-argument"


@pytest.fixture
def docker(tmp_path: Path) -> dict[str, str]:
    """The environment in which the fake is found."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "docker").mkdir()
    program = tmp_path / "bin" / "docker"
    fake = Path(__file__).with_name("fake_docker.py")
    program.write_text(f'#!/bin/sh\nFAKE_DOCKER={tmp_path}/docker exec {sys.executable} {fake} "$@"\n')
    program.chmod(0o755)
    return {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "TRUSS_SECRET_token": SECRET}


def calls(tmp_path: Path, command: str) -> list[list[str]]:
    made = map(json.loads, (tmp_path / "docker" / "calls").read_text().splitlines())
    return [call for call in made if call[0] == command]


def until(is_so: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def containers(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in (tmp_path / "docker").glob("truss-async-*.json")]


def test_a_truss_runs_in_its_image_behind_a_door_and_no_container_stays(tmp_path, serve, docker):
    truss = write_truss(tmp_path / "truss", MODEL, CONFIG)
    options = ("--docker", "--weights", f"0={tmp_path}", "--env", "KEY=given-here")
    caller = serve(truss, *options, "--data-dir", tmp_path / "data", environ=docker)
    [[_, _, tag, context]] = calls(tmp_path, "build")
    assert tag.startswith("truss-async:")
    assert (Path(context) / "Dockerfile").read_text().count("nvidia/cuda")

    [run] = calls(tmp_path, "run")
    assert run[-1] == tag
    assert run[run.index("--publish") + 1] == "127.0.0.1::8080"
    assert f"{tmp_path}:/models/b:ro" in run
    assert [each for each in run if each.endswith("/dynamic_config:/etc/b10_dynamic_config:ro")]
    everything = (tmp_path / "docker" / "calls").read_text()
    assert SECRET not in everything
    assert "given-here" not in everything
    [container] = containers(tmp_path)
    assert container["variables"].pop("BT_MODEL_ID")
    assert container["variables"].pop("BT_MODEL_DEPLOYMENT_ID")
    assert container["variables"] == {
        **{"TRUSS_SECRET_token": SECRET, "FLAG": "3", "KEY": "given-here", "PYTHONUNBUFFERED": "1"}
    }

    answer = caller.http.post("/production/predict", json={"a": "é" * 100_000}).json()
    assert answer["body"] == {"a": "é" * 100_000}
    assert not [name for name in answer["headers"] if "token" in name]
    caller.wait(caller.submit({"a": 1}), "SUCCEEDED")
    assert "model | the container says so" in caller.emulator.output

    os.kill(container["pid"], signal.SIGKILL)
    until(lambda: caller.emulator.output.count("replica 1 is ready") == 2)
    assert len(calls(tmp_path, "run")) == 2
    caller.emulator.kill()
    until(lambda: not containers(tmp_path))


def test_a_stop_ends_the_container_in_order(tmp_path, serve, docker):
    truss = write_truss(tmp_path / "truss", MODEL)
    caller = serve(truss, "--docker", "--data-dir", tmp_path / "data", environ=docker)
    assert caller.emulator.stop() == 0
    assert containers(tmp_path) == []
    assert calls(tmp_path, "stop")


@pytest.mark.parametrize(
    ("state", "arguments", "problem"),
    [
        (
            "down",
            (),
            "--docker: Cannot connect to the Docker daemon. Is the docker daemon running?: start Docker",
        ),
        ("", ("--stub", "x.py"), "--docker: an image takes no --stub"),
    ],
)
def test_where_docker_cannot_serve_it_one_line_says_so(tmp_path, docker, state, arguments, problem):
    if state:
        (tmp_path / "docker" / state).touch()
    truss = write_truss(tmp_path / "truss", MODEL)
    done = run_serve(truss, "--docker", *arguments, "--port", "0", "--data-dir", tmp_path / "data", **docker)
    assert_last_line(done, problem)
    assert "building" not in done.stderr
