"""`truss-async serve` as its callers and its webhook receivers meet it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from async_emulator import ControlRefused, EmulatorControl
from async_emulator.testing.emulator_process import EmulatorProcess
from async_inference import verify_signature, verify_webhook
from tests.acceptance.conftest import Caller, write_truss
from tests.acceptance.test_serve import assert_one_line, run_serve
from tests.acceptance.webhook_receiver import WebhookReceiver, webhook_receiver

pytestmark = pytest.mark.timeout(240)

NEW, OLD = "whsec_" + "n" * 40, "whsec_" + "o" * 40
MODEL = """
class Model:
    def predict(self, model_input):
        if model_input.get("fail"):
            raise ValueError("hidden")
        return {"echo": model_input}
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorProcess]:
    folder: Path = tmp_path_factory.mktemp("serve-api")
    truss = write_truss(folder / "truss", MODEL)
    identity = ("--model-id", "m1", "--deployment-id", "d1")
    arguments = ("--data-dir", folder / "data", *identity, "--no-rate-limits", "--control")
    environ = {"BASETEN_WEBHOOK_SECRETS": f"{NEW} {OLD}"}
    with EmulatorProcess(truss, *arguments, environ=environ) as emulator:
        emulator.wait_until_ready()
        yield emulator


@pytest.fixture
def control(emulator: EmulatorProcess) -> EmulatorControl:
    emulator.control.clear_requests()
    emulator.control.clear_deliveries()
    return emulator.control


@pytest.fixture
def caller(emulator: EmulatorProcess) -> Iterator[Caller]:
    with Caller(emulator) as caller:
        yield caller


@pytest.fixture(scope="module")
def receiver() -> Iterator[WebhookReceiver]:
    with webhook_receiver() as receiver:
        yield receiver


@pytest.mark.parametrize("secrets", [[NEW], [OLD]])
def test_a_webhook_is_signed_with_every_secret(caller, emulator, receiver, secrets):
    request_id = caller.submit({"prompt": "é"}, webhook_endpoint=receiver.url)
    headers, body = receiver.next()
    result = verify_webhook(body, headers["X-BASETEN-SIGNATURE"], secrets, now=datetime.now(UTC))
    assert result.request_id == request_id == headers["X-BASETEN-REQUEST-ID"]
    assert result.data == {"echo": {"prompt": "é"}}
    assert result.model_dump_json().encode() == body
    assert caller.wait(request_id, "SUCCEEDED")["webhook_status"] == "SUCCEEDED"
    assert not any(secret in emulator.output for secret in (NEW, OLD))


def test_a_failure_is_sent_too(caller, receiver):
    retries = {"max_attempts": 1}
    request_id = caller.submit({"fail": True}, webhook_endpoint=receiver.url, inference_retry_config=retries)
    headers, body = receiver.next()
    result = verify_webhook(body, headers["X-BASETEN-SIGNATURE"], [NEW], now=datetime.now(UTC))
    assert (result.data, [error.code for error in result.errors]) == (None, ["MODEL_PREDICT_ERROR"])
    assert caller.wait(request_id, "FAILED")["webhook_status"] == "SUCCEEDED"


def test_a_result_that_nobody_takes_is_a_failed_webhook(caller, receiver):
    receiver.statuses = [410]
    request_id = caller.submit({}, webhook_endpoint=receiver.url)
    receiver.next()
    assert caller.wait(request_id, "WEBHOOK_FAILED")["webhook_status"] == "FAILED"


@pytest.mark.closeness("advance")
def test_three_days_in_the_queue_pass_at_once(caller, control):
    control.pause()
    request_id = caller.submit({}, max_time_in_queue_seconds=259_200, webhook_endpoint="https://example.com/")
    control.advance(259_100)
    assert caller.status(request_id)["status"] == "QUEUED"
    control.advance(100)
    expired = caller.wait(request_id, "EXPIRED")
    assert (expired["webhook_status"], expired["errors"]) == ("CANCELED", [])
    control.resume()
    control.advance(3_600 + 60)
    deadline = time.monotonic() + 10
    while caller.http.get(f"/async_request/{request_id}").status_code != 404:
        assert time.monotonic() < deadline


def test_a_prediction_that_hangs_times_out_after_an_hour(caller, control):
    control.fault_predictions(1, hangs=True)
    request_id = caller.submit({})
    caller.wait(request_id, "IN_PROGRESS")
    control.advance(3_600)
    assert caller.wait(request_id, "FAILED")["errors"][0]["code"] == "MODEL_PREDICT_TIMEOUT"


def test_the_platforms_three_attempts_are_made_at_their_times(caller, control):
    control.fault_predictions(2, status=500)
    request_id = caller.submit({})
    caller.wait(request_id, "IN_PROGRESS")
    for seconds in (1, 2):
        time.sleep(0.05)
        control.advance(seconds)
    caller.wait(request_id, "SUCCEEDED")
    assert [each["request_id"] for each in control.requests("SUCCEEDED")] == [request_id]


def test_a_sync_call_meets_a_fault_too(caller, control):
    control.fault_predictions(1, status=503)
    answer = caller.http.post("/production/predict", json={})
    assert (answer.status_code, answer.json()["error_code"]) == (503, "model_unavailable")
    assert caller.http.post("/production/predict", json={}).status_code == 200


def test_lost_deliveries_are_made_once_more_and_then_given_up(caller, control, receiver):
    control.drop_webhooks(3)
    first = caller.submit({}, webhook_endpoint=receiver.url)
    time.sleep(0.05)
    control.advance(2)
    caller.wait(first, "WEBHOOK_FAILED")
    second = caller.submit({}, webhook_endpoint=receiver.url)
    time.sleep(0.05)
    control.advance(2)
    caller.wait(second, "SUCCEEDED")
    _, body = receiver.next()
    deliveries = control.deliveries()
    assert [(each["request_id"], each["attempt"], each["status"]) for each in deliveries] == [
        (first, 1, None),
        (first, 2, None),
        (second, 1, None),
        (second, 2, 200),
    ]
    assert deliveries[3]["body"].encode() == body
    assert deliveries[3]["headers"]["X-BASETEN-SIGNATURE"].count("v1=") == 2


@pytest.mark.closeness("rotated secret")
def test_a_secret_is_rotated_while_it_runs_and_both_sign_for_a_day(caller, control, receiver):
    new = control.rotate_webhook_secret()
    assert [each["value"] for each in control.webhook_secrets()] == [new, NEW, OLD]
    caller.submit({}, webhook_endpoint=receiver.url)
    headers, body = receiver.next()
    first, *others = headers["X-BASETEN-SIGNATURE"].split(",")
    verify_signature(body, first, [new])
    assert len(others) == 2
    control.remove_webhook_secret(NEW)
    control.advance(24 * 3_600)
    assert [each["value"] for each in control.webhook_secrets()] == [new]


def test_a_replica_that_is_killed_is_replaced(caller, control):
    control.kill_replica()
    request_id = caller.submit({})
    caller.wait(request_id, "SUCCEEDED")
    [deployment] = control.replicas()
    assert deployment == {"deployment_id": "d1", "chainlet": None, "active": 1, "starting": 0}


def test_what_becomes_of_a_request_is_logged_and_measured(caller, emulator):
    request_id = caller.submit({"prompt": "hush"})
    caller.wait(request_id, "SUCCEEDED")

    def told() -> list[str]:
        lines = [line for line in emulator.lines if f"request_id={request_id}" in line]
        return [line.partition(" status=")[2].split()[0] for line in lines]

    deadline = time.monotonic() + 10
    while len(told()) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)  # lines are written together, a moment later
    assert told() == ["QUEUED", "IN_PROGRESS", "SUCCEEDED"]
    assert "hush" not in emulator.output
    metrics = caller.http.get("/metrics").text
    labels = 'deployment_id="d1",environment="production",model_id="m1",model_name="tested"'
    assert f'baseten_replicas_active{{{labels},rollout_phase="stable"}} 1.0' in metrics
    assert "baseten_inference_requests_total{" in metrics


def test_without_control_there_is_none(tmp_path, serve):
    truss = write_truss(tmp_path / "truss", MODEL)
    caller = serve(truss, "--data-dir", tmp_path / "data", is_ready=False)
    with pytest.raises(ControlRefused, match="there is nothing at /control/clock"):
        caller.emulator.control.now()


def test_the_platforms_limit_of_status_calls_holds_by_default(tmp_path, serve):
    truss = write_truss(tmp_path / "truss", MODEL)
    caller = serve(truss, "--data-dir", tmp_path / "data", "--rate-limits", is_ready=False)
    request_id = caller.submit({})
    answers = [caller.http.get(f"/async_request/{request_id}").status_code for _ in range(60)]
    assert answers[:20] == [200] * 20
    assert 429 in answers


def test_a_webhook_secret_that_is_none_is_named_and_not_shown(tmp_path):
    done = run_serve(tmp_path, "--webhook-secret", NEW, "--webhook-secret", "hush")
    assert_one_line(done, "number 2 does not look like one")
    assert "hush" not in done.stderr
