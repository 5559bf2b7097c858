"""`truss-async serve chain.py`: a chain of real chainlets, generated as truss would push them."""

import itertools
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from baseten.client.inferenceapi import ApiClient, AsyncRunRemoteInput, RunRemoteInput

from async_emulator.testing.emulator_process import EmulatorProcess
from tests.acceptance.baseten_clients import CLIENTS, baseten_client, of_every_target
from tests.acceptance.conftest import Caller, write_truss
from tests.acceptance.test_baseten_client import ended
from tests.acceptance.test_serve import assert_last_line, run_serve
from tests.acceptance.test_serve_several import until_printed

pytestmark = [pytest.mark.timeout(300), pytest.mark.truss]

CHAIN = """
import asyncio, os, pathlib
import httpx
import pydantic
import truss_chains as chains
from truss_chains.remote_chainlet import utils
from truss_chains.remote_chainlet.truss_chainlet import TrussHandle

import words

IMAGE = chains.DockerImage(base_image=chains.BasetenImage.PY311)


def ids() -> list[str]:
    return [str(utils.get_request_id()), str(utils.get_chain_request_id())]


class Shout(pydantic.BaseModel):
    text: str
    pid: int
    ids: list[str]


class Shouts(pydantic.BaseModel):
    shouts: list[Shout]


class Counter(chains.TrussChainlet):
    truss_dir = "../counter"


class Shouter(chains.ChainletBase):
    remote_config = chains.RemoteConfig(docker_image=IMAGE, compute=chains.Compute(predict_concurrency=2))

    async def run_remote(self, text: str) -> Shout:
        folder = pathlib.Path(os.environ["FOLDER"])
        (folder / f"{os.getpid()}.pid").touch()
        while text == "wait" and not (folder / "open").exists():
            await asyncio.sleep(0.01)
        if text == "fail":
            raise ValueError("it is said to")
        return Shout(text=text.upper() + words.END, pid=os.getpid(), ids=ids())


@chains.mark_entrypoint("My Chain")
class Entry(chains.ChainletBase):
    remote_config = chains.RemoteConfig(docker_image=IMAGE)

    def __init__(
        self,
        shouter: Shouter = chains.depends(Shouter, retries=1),
        counter: TrussHandle = chains.depends(Counter),
    ) -> None:
        self._shouter, self._counter = shouter, counter

    async def run_remote(self, text: str, times: int = 1) -> Shouts:
        if text == "count":
            text = await self._count(text)
        shouts = [await self._shouter.run_remote(text) for _ in range(times)]
        return Shouts(shouts=[*shouts, Shout(text="entry", pid=os.getpid(), ids=ids())])

    async def _count(self, text: str) -> str:
        url, headers = self._counter.http_call_args()
        async with httpx.AsyncClient(trust_env=False) as http:
            return (await http.post(url, json={"text": text}, headers=headers)).json()["counted"]
"""

COUNTER = """
class Model:
    def predict(self, model_input):
        return {"counted": f"{len(model_input['text'])} letters"}
"""

# Can be imported here, but not where it is to run.
LACKING = """
import pytest
import truss_chains as chains


@chains.mark_entrypoint
class Lacking(chains.ChainletBase):
    remote_config = chains.RemoteConfig(docker_image=chains.DockerImage(base_image=chains.BasetenImage.PY311))

    def run_remote(self) -> int:
        return 1
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain")
    (folder / "my").mkdir()
    (folder / "my" / "chain.py").write_text(CHAIN)
    (folder / "my" / "words.py").write_text("END = '!'\n")
    write_truss(folder / "counter", COUNTER)
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
        "--deployment-id",
        "d1",
        "--no-rate-limits",
        "--control",
        "--watch",
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
    lines = itertools.takewhile(lambda line: not line.startswith("ready: "), emulator.lines)
    ready = [line.partition(":")[0] for line in lines if " is ready after " in line]
    assert sorted(ready[:2]) == ["Counter", "Shouter"]
    assert ready[2:] == ["Entry"]


@pytest.mark.closeness("chains")
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
    first, second, entry = response.json()["shouts"]
    assert [first["text"][:5], second["text"][:5], entry["text"]] == ["HELLO", "HELLO", "entry"]
    assert first["pid"] != entry["pid"]
    request_id = response.headers["x-baseten-request-id"]
    assert [shout["ids"] for shout in (first, second, entry)] == [[request_id, request_id]] * 3


def test_an_async_request_runs_the_chain(caller):
    request_id = submit(caller, {"text": "later"})
    ended = caller.wait(request_id, "SUCCEEDED")
    assert (ended["chain_id"], "model_id" in ended) == ("c1", False)


@pytest.mark.closeness("truss chainlet")
def test_a_whole_truss_is_a_chainlet(caller):
    response = caller.http.post("/production/run_remote", json={"text": "count"})
    assert response.json()["shouts"][0]["text"][:-1] == "5 LETTERS"


def test_what_a_chainlet_raises_is_told_in_one_line(caller):
    request_id = submit(caller, {"text": "fail"}, inference_retry_config={"max_attempts": 1})
    [error] = caller.wait(request_id, "FAILED")["errors"]
    assert error == {"code": "MODEL_PREDICT_ERROR", "message": "ValueError: it is said to"}


@pytest.mark.closeness("chain input")
def test_an_input_that_does_not_fit_the_signature_is_named_and_not_retried(caller):
    request_id = submit(caller, {"text": "a", "times": "many"})
    [error] = caller.wait(request_id, "FAILED", seconds=5)["errors"]
    assert error["code"] == "MODEL_INVALID_INPUT"
    assert "times" in error["message"]


@pytest.mark.closeness("chainlet restart")
def test_a_chainlet_that_dies_is_restarted_and_the_request_runs_again(caller, folder):
    (folder / "open").unlink(missing_ok=True)
    for file in folder.glob("*.pid"):
        file.unlink()
    request_id = submit(
        caller, {"text": "wait"}, inference_retry_config={"max_attempts": 3, "initial_delay_ms": 0}
    )
    deadline = time.monotonic() + 20
    while not list(folder.glob("*.pid")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    caller.emulator.control.kill_replica(chainlet="Shouter")
    (folder / "open").touch()
    caller.wait(request_id, "SUCCEEDED", seconds=60)
    until_printed(caller, "ended with exit code -9 (SIGKILL)")
    assert re.search(r"Shouter: replica \d+ ended with exit code -9 \(SIGKILL\)", caller.emulator.output)
    assert [(each["chainlet"], each["active"]) for each in caller.emulator.control.replicas()] == [
        ("Entry", 1),
        ("Counter", 1),
        ("Shouter", 1),
    ]


@pytest.mark.closeness("chain metrics")
def test_a_chain_is_measured_under_its_display_name(caller):
    metrics = caller.http.get("/metrics").text
    labels = 'deployment_id="d1",environment="production",model_id="c1",model_name="My Chain"'
    assert f'baseten_replicas_active{{{labels},rollout_phase="stable"}} 1.0' in metrics


@pytest.fixture(params=CLIENTS)
def api(request: pytest.FixtureRequest, emulator: EmulatorProcess) -> Iterator[ApiClient]:
    with baseten_client(request.param, emulator) as api:
        yield api


def test_the_platforms_client_reaches_every_target(api):
    request = RunRemoteInput({"text": "hello"})
    outputs = of_every_target(api, "run_remote", "d1", request=request)
    assert [output.root["shouts"][0]["text"][:5] for output in outputs] == ["HELLO"] * 5
    queued = AsyncRunRemoteInput({"model_input": {"text": "hello"}})
    accepted = of_every_target(api, "async_run_remote", "d1", request=queued)
    assert [ended(api, one.request_id) for one in accepted] == ["SUCCEEDED"] * 5
    counts = of_every_target(api, "get_async_queue_status", "d1")
    assert {(count.num_queued_requests, count.num_in_progress_requests) for count in counts} == {(0, 0)}
    of_every_target(api, "wake", "d1")


def test_the_platforms_client_cancels_what_is_queued(api, folder):
    (folder / "open").unlink(missing_ok=True)
    request = AsyncRunRemoteInput({"model_input": {"text": "wait"}})
    running, queued = (api.async_run_remote_production(request=request).request_id for _ in range(2))
    assert api.get_async_request_status(request_id=running).chain_id == "c1"
    while api.get_async_request_status(request_id=running).status != "IN_PROGRESS":
        time.sleep(0.01)
    assert api.cancel_async_request(request_id=queued).canceled
    assert not api.cancel_async_request(request_id=running).canceled
    (folder / "open").touch()
    assert (ended(api, queued), ended(api, running)) == ("CANCELED", "SUCCEEDED")


def test_a_changed_chainlet_is_deployed_and_an_added_one_is_refused(caller, folder):
    (folder / "my" / "words.py").write_text("END = '?'\n")
    until_printed(caller, "reloaded")

    def answer() -> object:
        response = caller.http.post("/production/run_remote", json={"text": "hello"})
        return response.json()["shouts"][0]["text"]

    assert answer() == "HELLO?"
    chain = folder / "my" / "chain.py"
    added = "class Added(chains.ChainletBase):\n    def run_remote(self) -> int:\n        return 1\n\n\n"
    code = CHAIN.replace("@chains.mark", f"{added}@chains.mark").replace(
        "chains.depends(Counter),", "chains.depends(Counter),\n        added: Added = chains.depends(Added),"
    )
    chain.write_text(code)
    until_printed(caller, f"not reloaded, what ran before goes on: {chain}: its chainlets are others now")
    assert "stop, and serve it again" in caller.emulator.output
    assert answer() == "HELLO?"


def test_only_chainlets_know_each_others_paths(caller):
    assert caller.http.post("/chainlets/c1/Nobody/run_remote", json={}).status_code == 404
    without_key = caller.http.post("/chainlets/c1/Shouter/run_remote", json={}, headers={"Authorization": ""})
    assert without_key.status_code == 401


def test_a_chainlet_that_lacks_a_module_is_named(tmp_path):
    chain = tmp_path / "chain.py"
    chain.write_text(LACKING)
    done = run_serve(chain, "--port", "0", "--data-dir", tmp_path / "data")
    reason = "ModuleNotFoundError: No module named 'pytest': add it to the requirements"
    assert_last_line(done, f"{chain}: Lacking: {reason}")
