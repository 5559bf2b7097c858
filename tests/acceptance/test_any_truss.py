"""Any Truss runs in the emulator: whatever its hooks take and give, whatever its config.yaml asks for.

All of them run in one emulator, which takes a third of the time.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from async_emulator.testing.emulator_process import EmulatorProcess
from tests.acceptance.conftest import Caller
from tests.acceptance.trusses import write_all

pytestmark = [pytest.mark.timeout(300), pytest.mark.truss]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@pytest.fixture(scope="module")
def emulator(folder: Path) -> Iterator[EmulatorProcess]:
    trusses = write_all(folder)
    arguments: list[str | Path] = [*trusses[1:], "--data-dir", folder / "data", "--environment", "staging"]
    arguments += ["--keep-going", "--stub", f"large={folder / 'stub.py'}"]
    arguments += ["--weights", f"/truss-async-models/deep/llama={folder / 'llama'}"]
    with EmulatorProcess(trusses[0], *arguments, environ={"TRUSS_SECRET_token": "hidden"}) as emulator:
        emulator.wait_until_ready()
        yield emulator


class Model:
    """One of the models."""

    def __init__(self, caller: Caller, url: str) -> None:
        self._caller = caller
        self._url = url.removesuffix("/async_predict")

    def predict(self, model_input: object) -> Any:
        return self._caller.http.post(f"{self._url}/predict", json=model_input)

    def run(self, model_input: object, status: str = "SUCCEEDED", *, attempts: int = 1) -> dict[str, Any]:
        retries = {"max_attempts": attempts, "initial_delay_ms": 0}
        body = {"model_input": model_input, "inference_retry_config": retries}
        submitted = self._caller.http.post(f"{self._url}/async_predict", json=body)
        return self._caller.wait(submitted.json()["request_id"], status)


@pytest.fixture
def models(emulator: EmulatorProcess) -> Iterator[dict[str, Model]]:
    names = emulator.lines[0].removeprefix("serving ").partition(" on ")[0].split(", ")
    urls = [line.split()[1].rstrip(",") for line in emulator.lines if line.startswith("  POST ")]
    with Caller(emulator) as caller:
        yield {Path(name).name: Model(caller, url) for name, url in zip(names, urls, strict=True)}


@pytest.mark.closeness("hooks")
def test_every_hook_runs(models):
    response = models["hooks"].predict({"a": 1})
    steps = [{"a": 1}, "preprocessed", "predicted"]
    assert response.json() == {"steps": steps, "request_id": response.headers["x-baseten-request-id"]}
    models["hooks"].run({"a": 1})


def test_a_typed_model_names_the_field_that_is_wrong(models):
    assert models["typed"].predict({"prompt": "ab"}).json() == {"text": "abab"}
    models["typed"].run({"prompt": "ab"})
    assert models["typed"].predict({"prompt": []}).status_code == 400
    [error] = models["typed"].run({"prompt": []}, "FAILED")["errors"]
    assert error["code"] == "MODEL_INVALID_INPUT"
    assert "prompt" in error["message"]


def test_a_model_may_take_the_bare_request_and_give_a_response(models):
    response = models["request_only"].predict({})
    assert (response.status_code, response.text) == (203, "<b>{}</b>")
    assert (response.headers["x-mine"], response.headers["content-type"][:9]) == ("kept", "text/html")
    models["request_only"].run({})


@pytest.mark.closeness("streaming")
def test_a_streaming_model_streams_to_sync_callers_and_refuses_async_ones(models):
    response = models["streaming"].predict({})
    assert (response.status_code, response.text) == (200, "0;1;2;")
    assert response.headers["transfer-encoding"] == "chunked"
    [error] = models["streaming"].run({}, "FAILED")["errors"]
    assert error["code"] == "ASYNC_REQUEST_NOT_SUPPORTED"


def test_a_stub_stands_in_for_a_model_and_its_storage_its_types_and_decorators_are_real(models):
    answer = models["large"].predict({"prompt": "hi"})
    assert answer.json() == {"name": "tested", "output": "HI WEIGHTS"}, answer.text
    models["large"].run({"prompt": "hi"})
    [error] = models["large"].run({"prompt": []}, "FAILED")["errors"]
    assert error["code"] == "MODEL_INVALID_INPUT"


def test_what_a_truss_is_served_without_is_said_in_one_line_each(emulator):
    said = [line.partition(" warning: ")[2] or line.removeprefix("warning: ") for line in emulator.lines]
    place = next(line for line in said if "accelerator" in line).partition(": resources")[0]
    assert place.endswith("large/config.yaml")
    assert f"{place}: base_image is left out" in said
    assert f"{place}: system_packages is left out" in said
    assert f"{place}: resources.accelerator: H100: the model runs on what this machine has" in said
    assert f"{place}: secrets that are not set here: set TRUSS_SECRET_hf_access_token" in said
    assert next(line for line in said if line.startswith(f"{place}: requirments: ")).endswith("requirements?")
    assert "engine_for_gpus is not installed: --stub has a placeholder for it" in said
    assert [line for line in said if line.startswith("__init__ failed, and the stub goes on without it: ")]
    assert [line for line in said if line.endswith("stub.py stands in for the model's own predict and load")]


def test_one_that_fails_to_load_names_itself_and_takes_no_other_with_it(emulator, models):
    [line] = [line for line in emulator.lines if "not served" in line]
    assert line.endswith("broken: not served: the model broken failed to load: OSError: no GPU")
    assert "Model is not ready" in models["broken"].predict({}).text
    assert models["typed"].predict({"prompt": "ab"}).status_code == 200


@pytest.mark.closeness("model's variables")
def test_a_model_finds_what_baseten_would_give_it(models):
    place = models["place"].predict({}).json()
    claims = json.loads(base64.urlsafe_b64decode(place.pop("token").split(".")[1] + "=="))
    assert (claims["aud"], claims["environment"]) == ("oidc.baseten.co", "staging")
    assert claims["sub"].startswith("v=1:org=local:team=local:model=")
    assert place.pop("port").isdigit()
    assert place == {
        "metadata": {"mine": [1, 2]},
        "data": "heavy",
        "secret": "hidden",
        "environment": {"name": "staging"},
        "set_up_for": {"name": "staging"},
        "flag": "3",
        "beside": "beside",
    }


def test_a_model_s_server_answers_the_emulator_alone(models):
    port = models["place"].predict({}).json()["port"]
    for host in ("127.0.0.1", "rebound.example"):
        headers = {"Host": host, "Origin": f"http://{host}"}
        url = f"http://127.0.0.1:{port}/v1/models/model:predict"
        answer = httpx.post(url, json={}, headers=headers, trust_env=False)
        assert (answer.status_code, answer.json()["error"][:11]) == (403, "this server")


@pytest.mark.closeness("requirements")
@pytest.mark.parametrize("name", ["listed", "in_text", "in_project", "locked"])
def test_requirements_are_installed_wherever_they_are_listed(models, name):
    assert models[name].predict({}).json() == "from a wheel"


def test_a_retry_of_what_is_stored_does_not_enter_predict(models, folder):
    request_id = models["skipping"].run({}, attempts=2)["request_id"]
    stored = folder / "stored" / request_id
    result = json.loads((stored / "result.json").read_text())
    assert result["data"]["entered"] == 1
    assert len([each for each in stored.rglob("*") if each.is_file()]) == 2
    assert models["skipping"].predict({}).json()["entered"] == 2  # so the second attempt did not count


def test_the_environment_is_the_one_that_was_named(emulator):
    with Caller(emulator) as caller:
        assert caller.http.post("/environments/production/predict", json={}).status_code == 404
