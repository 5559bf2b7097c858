"""The main job: a request without a webhook, its result in the store, by the shipped commands."""

import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from async_emulator.testing.emulator_process import EmulatorProcess
from tests.acceptance.conftest import ROOT, Caller, truss_async

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(
    ("what", "pictures"),
    [
        ((), ["image.png"]),
        pytest.param(("chain",), [f"items.{n}.image.png" for n in range(3)], marks=pytest.mark.truss),
    ],
)
def test_the_demos_show_everything_and_end_by_themselves(what, pictures):
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo", *what],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    request_id = next(line.split()[-1] for line in done.stdout.splitlines() if "request id" in line)
    assert (ROOT / "outputs" / request_id / "result.json").is_file()
    stored = (ROOT / "outputs" / request_id).glob("*/*.png")
    assert sorted(path.name for path in stored) == pictures
    for shown in (
        "QUEUED",
        "SUCCEEDED",
        '"type": "async_request_completed"',
        "image/png",
        "truss-async fetch",
    ):
        assert shown in done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("main-job")


@pytest.fixture(scope="module")
def emulator(folder: Path) -> Iterator[EmulatorProcess]:
    arguments = ("--data-dir", folder / "data", "--env", f"TRUSS_OUTPUTS_URL={folder.as_uri()}/outputs")
    with EmulatorProcess(ROOT, *arguments) as emulator:
        emulator.wait_until_ready()
        yield emulator


@pytest.fixture
def outputs(folder: Path) -> dict[str, str]:
    return {"TRUSS_OUTPUTS_URL": f"{folder.as_uri()}/outputs"}


@pytest.mark.truss
def test_submit_wait_and_fetch(emulator, outputs, folder, tmp_path):
    submitted = truss_async(emulator, "submit", "--example", "--json", **outputs)
    assert submitted.returncode == 0, submitted.stderr
    request_id = json.loads(submitted.stdout)["request_id"]
    waited = truss_async(emulator, "wait", request_id, "--json", **outputs)
    assert waited.returncode == 0, waited.stderr
    result = json.loads(waited.stdout)
    assert result["request_id"] == request_id
    assert result["model_id"]
    stored = folder / "outputs" / request_id / "result.json"
    assert json.loads(submitted.stdout)["result_url"] == stored.as_uri()
    assert json.loads(stored.read_text()) == result

    [artifact] = result["truss_outputs"]["artifacts"]
    fetched = truss_async(emulator, "fetch", request_id, "--to", tmp_path, **outputs)
    assert fetched.returncode == 0, fetched.stderr
    png = (tmp_path / request_id / artifact["name"]).read_bytes()
    assert png.startswith(b"\x89PNG")
    assert artifact["checksum"] == f"sha256:{hashlib.sha256(png).hexdigest()}"


@pytest.mark.truss
def test_a_bad_input_fails_with_its_reason_and_leaves_a_record(emulator, outputs, folder):
    done = truss_async(emulator, "submit", '{"image": "no image"}', "--wait", **outputs)
    assert done.returncode == 1
    assert "MODEL_INVALID_INPUT" in done.stderr
    assert "image must be a data URI or an https URL" in done.stderr
    request_id = next(word for word in done.stderr.split() if len(word) == 32)
    stored = folder / "outputs" / request_id
    assert not (stored / "result.json").exists()
    [record] = (stored / "errors").iterdir()
    assert "image must be a data URI or an https URL" in record.read_text()


@pytest.mark.truss
def test_a_sync_call_stores_its_result_too_and_answers_with_the_reference(emulator, folder):
    with Caller(emulator) as caller:
        response = caller.http.post("/production/predict", json=_example())
    reference = response.json()
    request_id = response.headers["x-baseten-request-id"]
    assert reference["request_id"] == request_id
    assert reference["url"] == (folder / "outputs" / request_id / "result.json").as_uri()
    assert (folder / "outputs" / request_id / "result.json").is_file()


@pytest.mark.truss
def test_a_result_is_seen_in_the_trace_the_metrics_and_the_log(emulator, folder):
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with Caller(emulator) as caller:
        headers = {"traceparent": traceparent}
        response = caller.http.post("/production/predict", json=_example(), headers=headers)
        request_id = response.headers["x-baseten-request-id"]
        metrics = caller.http.get("/metrics").text
    result = json.loads((folder / "outputs" / request_id / "result.json").read_text())
    assert result["truss_outputs"]["traceparent"] == traceparent
    labels = r'\{deployment_id="\w+",.*outcome="won",replica="replica 1",.*\}'
    assert re.search(rf"^truss_outputs_results_total{labels} [1-9]", metrics, re.MULTILINE), metrics
    assert request_id not in metrics
    line = f"outcome=won request_id={request_id} attempt={result['truss_outputs']['attempt']} bytes="
    deadline = time.monotonic() + 10
    while line not in emulator.output and time.monotonic() < deadline:
        time.sleep(0.01)  # the server's log is read a moment later
    assert line in emulator.output


def test_status_and_cancel_answer(emulator, outputs):
    submitted = truss_async(emulator, "submit", "--example", "--wait", "--json", **outputs)
    request_id = json.loads(submitted.stdout)["request_id"]
    status = truss_async(emulator, "status", request_id, "--json")
    assert json.loads(status.stdout)["status"] == "SUCCEEDED"
    cancel = truss_async(emulator, "cancel", request_id, "--json")
    assert (cancel.returncode, json.loads(cancel.stdout)["canceled"]) == (1, False)


def test_a_bucket_that_refuses_fails_the_request_and_is_named(s3, tmp_path):
    variables = {**s3, "TRUSS_OUTPUTS_URL": "s3://no-such-bucket/some/prefix"}
    given = [f"--env={name}={value}" for name, value in variables.items()]
    with EmulatorProcess(ROOT, "--data-dir", tmp_path / "data", *given) as emulator:
        emulator.wait_until_ready()
        with Caller(emulator) as caller:
            request_id = caller.submit(_example(), inference_retry_config={"max_attempts": 1})
            [error] = caller.wait(request_id, "FAILED")["errors"]
    assert error["code"] == "MODEL_PREDICT_ERROR"
    assert "s3://no-such-bucket/some/prefix" in error["message"]
    assert "NoSuchBucket" in error["message"]
    assert s3["AWS_SECRET_ACCESS_KEY"] not in emulator.output + error["message"]


def _example() -> dict[str, object]:
    import yaml

    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    example: dict[str, object] = config["model_metadata"]["example_model_input"]
    return example
