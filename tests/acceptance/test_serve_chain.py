"""`truss-async serve chain.py`: a chain of real chainlets, generated as truss would push them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from async_emulator.emulator_process import EmulatorProcess
from tests.acceptance.conftest import Caller

pytestmark = pytest.mark.timeout(300)

COMMAND = Path(sys.executable).with_name("truss-async")

CHAIN = """
import asyncio, os, pathlib
import pydantic
import truss_chains as chains
from truss_chains.remote_chainlet import utils

import words

IMAGE = chains.DockerImage(base_image=chains.BasetenImage.PY311)


def ids() -> list[str]:
    return [str(utils.get_request_id()), str(utils.get_chain_request_id())]


class Shout(pydantic.BaseModel):
    text: str
    pid: int
    ids: list[str]


class Shouter(chains.ChainletBase):
    remote_config = chains.RemoteConfig(docker_image=IMAGE, compute=chains.Compute(predict_concurrency=2))

    async def run_remote(self, text: str) -> Shout:
        folder = pathlib.Path(os.environ["FOLDER"])
        (folder / f"{os.getpid()}.pid").touch()
        while text == "wait" and not (folder / "open").exists():
            await asyncio.sleep(0.01)
        return Shout(text=text.upper() + words.END, pid=os.getpid(), ids=ids())


@chains.mark_entrypoint("My Chain")
class Entry(chains.ChainletBase):
    remote_config = chains.RemoteConfig(docker_image=IMAGE)

    def __init__(self, shouter: Shouter = chains.depends(Shouter, retries=1)) -> None:
        self._shouter = shouter

    async def run_remote(self, text: str, times: int = 1) -> list[Shout]:
        shouts = [await self._shouter.run_remote(text) for _ in range(times)]
        return [*shouts, Shout(text="entry", pid=os.getpid(), ids=ids())]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain")
    (folder / "my").mkdir()
    (folder / "my" / "chain.py").write_text(CHAIN)
    (folder / "my" / "words.py").write_text("END = '!'\n")
    return folder


@pytest.fixture(scope="module")
def emulator(folder: Path) -> Iterator[EmulatorProcess]:
    arguments = (
        "--data-dir",
        folder / "data",
        "--env",
        f"FOLDER={folder}",
        "--model-id",
        "c1",
        "--no-rate-limits",
    )
    with EmulatorProcess(folder / "my" / "chain.py", *arguments) as emulator:
        emulator.wait_until_ready()
        yield emulator


@pytest.fixture
def caller(emulator: EmulatorProcess) -> Iterator[Caller]:
    with Caller(emulator) as caller:
        yield caller


def submit(caller: Caller, arguments: object, **fields: object) -> str:
    body = {"model_input": arguments, **fields}
    response = caller.http.post("/production/async_run_remote", json=body)
    assert response.status_code == 201, response.text
    return str(response.json()["request_id"])


def test_chainlets_start_after_those_that_they_call(emulator):
    ready = [line.partition(":")[0] for line in emulator.lines if " is ready after " in line]
    assert ready == ["Shouter", "Entry"]


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/production/run_remote", None),
        ("/environments/production/run_remote", "chain-c1.api.baseten.co"),
        ("/run_remote", None),
    ],
)
def test_a_chain_runs_and_every_chainlet_knows_the_request(caller, path, host):
    headers = {"Host": host} if host else {}
    response = caller.http.post(path, json={"text": "hello", "times": 2}, headers=headers)
    first, second, entry = response.json()
    assert [first["text"], second["text"], entry["text"]] == ["HELLO!", "HELLO!", "entry"]
    assert first["pid"] != entry["pid"]
    request_id = response.headers["x-baseten-request-id"]
    assert [shout["ids"] for shout in (first, second, entry)] == [[request_id, request_id]] * 3


def test_an_async_request_runs_the_chain(caller):
    request_id = submit(caller, {"text": "later"})
    ended = caller.wait(request_id, "SUCCEEDED")
    assert (ended["chain_id"], "model_id" in ended) == ("c1", False)


def test_an_input_that_does_not_fit_the_signature_is_named_and_not_retried(caller):
    request_id = submit(caller, {"text": "a", "times": "many"})
    [error] = caller.wait(request_id, "FAILED", seconds=5)["errors"]
    assert error["code"] == "MODEL_INVALID_INPUT"
    assert "times" in error["message"]


def test_a_chainlet_that_dies_is_restarted_and_the_request_runs_again(caller, folder):
    for file in folder.glob("*.pid"):
        file.unlink()
    request_id = submit(
        caller, {"text": "wait"}, inference_retry_config={"max_attempts": 3, "initial_delay_ms": 0}
    )
    deadline = time.monotonic() + 20
    while not (pids := list(folder.glob("*.pid"))):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(int(pids[0].stem), signal.SIGKILL)
    (folder / "open").touch()
    caller.wait(request_id, "SUCCEEDED", seconds=60)
    assert "Shouter: replica 1 ended with 137; starting another" in caller.emulator.output


def test_only_chainlets_know_each_others_paths(caller):
    assert caller.http.post("/chainlets/c1/Nobody/run_remote", json={}).status_code == 404
    without_key = caller.http.post("/chainlets/c1/Shouter/run_remote", json={}, headers={"Authorization": ""})
    assert without_key.status_code == 401


def test_a_chain_that_cannot_be_imported_is_named_in_one_line(tmp_path):
    chain = tmp_path / "chain.py"
    chain.write_text("import nothing_like_this\n")
    done = subprocess.run(
        [COMMAND, "serve", chain, "--port", "0", "--data-dir", tmp_path / "data"],
        env={**os.environ, "BASETEN_API_KEY": "k"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    reason = "ModuleNotFoundError: No module named 'nothing_like_this'"
    assert done.stderr.splitlines()[-1] == f"truss-async: {chain}:1: {reason}"
    assert "Traceback" not in done.stderr
