"""The metrics, under the platform's names and labels."""

from collections.abc import Mapping
from contextlib import suppress

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request

from async_emulator.errors import ReplicaUnreachable
from async_emulator.metrics.measured_deployments import MeasuredDeployments
from async_emulator.metrics.observation import Observation
from async_emulator.prediction.outcome import BackPressure, Failure, Success
from async_emulator.webhooks.delivery import Delivery, ReceiverAnswer
from async_inference.wire import ErrorCode

LABELS = {
    "model_id": "model",
    "model_name": "my model",
    "deployment_id": "deployment",
    "environment": "production",
    "rollout_phase": "stable",
}
OF_ASYNC = {**LABELS, "is_async": "true"}
OF_SYNC = {**LABELS, "is_async": "false"}


class Scrape:
    """What /metrics answered."""

    def __init__(self, text: str) -> None:
        self.families = {family.name: family for family in text_string_to_metric_families(text)}

    def value(self, name: str, labels: Mapping[str, str]) -> float:
        [found] = [
            sample.value
            for family in self.families.values()
            for sample in family.samples
            if sample.name == name and sample.labels == dict(labels)
        ]
        return found


@pytest.fixture
async def observed(platform):
    """A platform without a replica yet."""
    platform.deployment.is_deployed = True
    platform.deployment.starting_replicas = 2
    platform.capacity.close_all()
    return platform


async def scrape(platform) -> Scrape:
    response = await platform.http.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    return Scrape(response.text)


@pytest.mark.closeness("metrics")
async def test_the_names_are_the_platforms(observed):
    assert set((await scrape(observed)).families) == {
        "baseten_async_queue_size",
        "baseten_async_webhook_latency_seconds",
        "baseten_async_webhook_requests",
        "baseten_concurrent_requests",
        "baseten_end_to_end_response_time_seconds",
        "baseten_inference_requests",
        "baseten_replicas_active",
        "baseten_replicas_starting",
        "baseten_request_size_bytes",
        "baseten_response_size_bytes",
        "baseten_time_in_async_queue_seconds",
        "baseten_time_to_first_byte_seconds",
    }


async def test_they_need_the_key(observed):
    observed.http.headers["Authorization"] = "Bearer wrong"
    assert (await observed.http.get("/metrics")).status_code == 401


async def test_the_queue_and_the_replicas_are_counted(observed):
    for _ in range(3):
        await observed.submit()
    seen = await scrape(observed)
    assert seen.value("baseten_async_queue_size", LABELS) == 3
    assert seen.value("baseten_replicas_active", LABELS) == 1
    assert seen.value("baseten_replicas_starting", LABELS) == 2


async def test_the_time_in_the_queue_ends_with_the_lease(observed):
    await observed.submit()
    observed.clock.advance(20)
    observed.open(1)
    await observed.settle()
    seen = await scrape(observed)
    assert seen.value("baseten_time_in_async_queue_seconds_sum", LABELS) == 20
    assert seen.value("baseten_time_in_async_queue_seconds_count", LABELS) == 1


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (None, "200"),
        (Success(body=b"", status=204), "204"),
        (BackPressure(), "429"),
        (Failure(code=ErrorCode.MODEL_INVALID_INPUT, message="", is_retryable=False, status=409), "409"),
        (Failure(code=ErrorCode.MODEL_PREDICT_ERROR, message="", is_retryable=True, status=507), "507"),
        (ReplicaUnreachable(), "502"),
    ],
)
async def test_each_attempt_at_an_async_request_is_a_call(observed, outcome, status):
    observed.outcomes = [outcome] if outcome else []
    await observed.submit(model_input={"a": 1})
    request = observed.queue.lease("deployment", observed.clock.now())
    with suppress(ReplicaUnreachable):
        await observed.server.instrument(observed).predict(request)
    seen = await scrape(observed)
    labels = {**OF_ASYNC, "status_code": status}
    assert seen.value("baseten_inference_requests_total", labels) == 1
    assert seen.value("baseten_request_size_bytes_sum", labels) == len('{"a":1}')
    if outcome is None:
        assert seen.value("baseten_response_size_bytes_sum", labels) == len('{"echo": true}')


async def test_a_sync_call_is_measured_as_a_whole(observed):
    observed.open(1)
    await observed.http.post("/production/predict", content=b'{"a": 1}')
    seen = await scrape(observed)
    labels = {**OF_SYNC, "status_code": "200"}
    assert seen.value("baseten_inference_requests_total", labels) == 1
    assert seen.value("baseten_request_size_bytes_sum", labels) == 8
    assert seen.value("baseten_response_size_bytes_sum", labels) == 8
    assert seen.value("baseten_time_to_first_byte_seconds_count", labels) == 1
    assert seen.value("baseten_concurrent_requests", LABELS) == 0


async def test_a_sync_call_that_cannot_be_answered_counts_with_the_status_that_its_caller_sees(observed):
    observed.open(1)
    observed.is_unreachable = True
    answer = await observed.http.post("/production/predict", content=b"{}")
    assert (answer.status_code, answer.json()["error_code"]) == (502, "model_unavailable")
    seen = await scrape(observed)
    labels = {**OF_SYNC, "status_code": "502"}
    assert seen.value("baseten_inference_requests_total", labels) == 1


async def test_each_attempt_at_a_delivery_is_measured(observed):
    observation = Observation(MeasuredDeployments([observed.served], observed.queue))
    for seconds in (1.0, 2.0):
        observation.delivered(
            Delivery(
                request_id="r",
                model_id="model",
                deployment_id="deployment",
                webhook_endpoint="https://example.com/",
                attempt=1,
                sent_at=observed.clock.now(),
                seconds=seconds,
                headers={},
                body=b"",
                answer=ReceiverAnswer(status=200, body=""),
            )
        )
    seen = Scrape(bytes((await observation.page(Request({"type": "http"}))).body).decode())
    assert seen.value("baseten_async_webhook_requests_total", LABELS) == 2
    assert seen.value("baseten_async_webhook_latency_seconds_sum", LABELS) == 3
