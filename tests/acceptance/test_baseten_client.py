"""The platform's own Python clients, pointed at the emulator, are content with every answer."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from baseten.client.inferenceapi import ApiClient, AsyncPredictRequest, PredictInput, ResponseErrorResponse

from async_emulator.testing.emulator_process import EmulatorProcess
from tests.acceptance.baseten_clients import CLIENTS, baseten_client, of_every_target
from tests.acceptance.conftest import write_truss

pytestmark = pytest.mark.timeout(240)

DEPLOYMENT = "d1"
# Answers "slow" only once the file `open` is there.
MODEL = """
import os, pathlib, time

class Model:
    def predict(self, model_input):
        while model_input.get("slow") and not (pathlib.Path(os.environ["FOLDER"]) / "open").exists():
            time.sleep(0.01)
        return {"echo": model_input}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("baseten-client")


@pytest.fixture(scope="module")
def emulator(folder: Path) -> Iterator[EmulatorProcess]:
    truss = write_truss(folder / "truss", MODEL)
    where = ("--data-dir", folder / "data", "--env", f"FOLDER={folder}")
    arguments = (*where, "--deployment-id", DEPLOYMENT, "--no-rate-limits")
    with EmulatorProcess(truss, *arguments) as emulator:
        emulator.wait_until_ready()
        yield emulator


@pytest.fixture(params=CLIENTS)
def api(request: pytest.FixtureRequest, emulator: EmulatorProcess) -> Iterator[ApiClient]:
    with baseten_client(request.param, emulator) as api:
        yield api


def ended(api: ApiClient, request_id: str) -> str:
    deadline = time.monotonic() + 30
    while (status := api.get_async_request_status(request_id=request_id)).status in ("QUEUED", "IN_PROGRESS"):
        assert time.monotonic() < deadline, status
        time.sleep(0.01)
    return str(status.status)


@pytest.mark.closeness("platform's client")
def test_every_target_submits_polls_and_counts(api):
    request = AsyncPredictRequest(model_input={"a": 1})
    accepted = of_every_target(api, "async_predict", DEPLOYMENT, request=request)
    assert [ended(api, one.request_id) for one in accepted] == ["SUCCEEDED"] * 5
    counts = of_every_target(api, "get_async_queue_status", DEPLOYMENT)
    assert {(count.num_queued_requests, count.num_in_progress_requests) for count in counts} == {(0, 0)}


def test_every_target_predicts(api):
    request = PredictInput({"a": 1})
    outputs = of_every_target(api, "predict", DEPLOYMENT, request=request)
    assert [output.root for output in outputs] == [{"echo": {"a": 1}}] * 5


@pytest.mark.closeness("wake")
def test_every_target_wakes(api):
    of_every_target(api, "wake", DEPLOYMENT)


def test_a_queued_request_is_canceled_and_a_running_one_is_not(api, folder):
    (folder / "open").unlink(missing_ok=True)
    running, queued = (
        api.async_predict_production(request=AsyncPredictRequest(model_input={"slow": True})).request_id
        for _ in range(2)
    )
    while api.get_async_request_status(request_id=running).status != "IN_PROGRESS":
        time.sleep(0.01)
    assert api.cancel_async_request(request_id=queued).canceled
    assert not api.cancel_async_request(request_id=running).canceled
    assert ended(api, queued) == "CANCELED"
    (folder / "open").touch()
    assert ended(api, running) == "SUCCEEDED"


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_wrong_key_is_an_error_the_client_knows(emulator, kind):
    with (
        baseten_client(kind, emulator, api_key="wrong") as api,
        pytest.raises(ResponseErrorResponse) as caught,
    ):
        api.get_async_queue_status_production()
    assert caught.value.status_code == 401
