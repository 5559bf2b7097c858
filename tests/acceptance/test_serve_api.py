"""`truss-async serve` as its callers and its webhook receivers meet it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from async_emulator.emulator_process import EmulatorProcess
from async_inference import verify_webhook
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
    arguments = ("--data-dir", folder / "data", *identity, "--no-rate-limits")
    environ = {"BASETEN_WEBHOOK_SECRETS": f"{NEW} {OLD}"}
    with EmulatorProcess(truss, *arguments, environ=environ) as emulator:
        emulator.wait_until_ready()
        yield emulator


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
