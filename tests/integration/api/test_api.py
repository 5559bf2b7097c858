"""What the API answers, over HTTP: paths, keys, bodies, errors."""

import json
from collections.abc import AsyncIterator

import pytest

from tests.integration.conftest import API_KEY

TARGETS = ["", "/production", "/development", "/environments/staging", "/deployment/deployment"]


@pytest.mark.closeness("submit")
@pytest.mark.parametrize("target", TARGETS)
async def test_every_target_path_takes_requests_and_counts_them(platform, target):
    platform.hold.clear()
    for _ in range(2):
        response = await platform.http.post(f"{target}/async_predict", json={"model_input": {}})
        assert response.status_code == 201
        assert response.headers["x-baseten-request-id"] == response.json()["request_id"]
    queue_status = await platform.http.get(f"{target}/async_queue_status")
    assert queue_status.json() == {
        "model_id": "model",
        "deployment_id": "deployment",
        "num_queued_requests": 1,
        "num_in_progress_requests": 1,
    }


@pytest.mark.closeness("keys")
@pytest.mark.parametrize("scheme", ["Bearer", "Api-Key"])
async def test_both_header_schemes_are_accepted(platform, scheme):
    headers = {"Authorization": f"{scheme} {API_KEY}"}
    assert (await platform.http.get("/async_queue_status", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/production/async_predict"),
        ("POST", "/production/predict"),
        ("GET", "/production/async_queue_status"),
        ("GET", "/async_request/x"),
        ("DELETE", "/async_request/x"),
    ],
)
@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Bearer ké", f"Basic {API_KEY}", API_KEY])
async def test_without_the_key_nothing_is_answered(platform, method, path, authorization):
    headers = {"Authorization": authorization.encode()}
    response = await platform.http.request(method, path, headers=headers)
    assert response.status_code == 401
    assert response.json() == {
        "error": "please check the api-key you provided",
        "error_code": "unauthorized",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("OPTIONS", "/production/predict"),
        ("POST", "/production/predict"),
        ("GET", "/metrics"),
        ("POST", "/control/"),
    ],
)
@pytest.mark.parametrize("host", ["rebound.example", "model-model.api.baseten.co"])
async def test_a_web_page_reaches_nothing_under_whatever_name_its_browser_calls(platform, method, path, host):
    """A browser sends no key by itself, and is told by no header that it may: the key alone decides."""
    page = {"Host": host, "Origin": f"http://{host}", "Authorization": "", "Content-Type": "text/plain"}
    answer = await platform.http.request(method, path, headers=page, content=b"{}")
    assert answer.status_code in (401, 404)
    assert not any(name.startswith("access-control") for name in answer.headers)
    assert platform.attempts == []


async def test_a_wrong_key_may_be_answered_403_and_a_missing_one_never(platform):
    platform.configure(wrong_key_status=403)
    for authorization, status in (("Bearer wrong", 403), ("", 401)):
        answer = await platform.http.get("/async_queue_status", headers={"Authorization": authorization})
        assert (answer.status_code, answer.json()["error_code"]) == (status, "unauthorized")


@pytest.mark.closeness("status keys")
async def test_the_status_has_the_platforms_keys_order_and_times(platform):
    request_id = await platform.submit()
    await platform.settle()
    response = await platform.http.get(f"/async_request/{request_id}")
    assert list(response.json()) == [
        *("request_id", "model_id", "deployment_id", "status", "webhook_status"),
        *("created_at", "status_at", "errors"),
    ]
    assert response.json()["created_at"] == "2026-01-01T00:00:00Z"
    assert response.json()["webhook_status"] == "NO_WEBHOOK_PROVIDED"


@pytest.mark.closeness("cancel")
async def test_a_queued_request_can_be_canceled_once(platform):
    platform.capacity.close_all()
    request_id = await platform.submit(webhook_endpoint="https://example.com/hook")
    answers = [(await platform.http.delete(f"/async_request/{request_id}")).json() for _ in range(2)]
    assert [answer["canceled"] for answer in answers] == [True, False]
    assert set(answers[0]) == {"request_id", "canceled", "message"}
    status = await platform.status(request_id)
    assert (status["status"], status["webhook_status"]) == ("CANCELED", "CANCELED")


@pytest.mark.closeness("submit bounds")
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Invalid JSON"),
        (b"{", "Invalid JSON"),
        (b"\xff", "Invalid JSON"),
        (b"[]", "object"),
        (b"{}", "model_input: Field required"),
        (b'{"model_input": {}, "priority": 3}', "priority: "),
        (b'{"model_input": {}, "priority": "1"}', "priority: "),
        (b'{"model_input": {}, "max_time_in_queue_seconds": 9}', "max_time_in_queue_seconds: "),
        (b'{"model_input": {}, "max_time_in_queue_seconds": 259201}', "max_time_in_queue_seconds: "),
        (
            b'{"model_input": {}, "inference_retry_config": {"max_attempts": 0}}',
            "inference_retry_config.max_attempts: ",
        ),
        (
            b'{"model_input": {}, "inference_retry_config": {"max_delay_ms": 60001}}',
            "inference_retry_config.max_delay_ms: ",
        ),
        (
            b'{"model_input": {}, "webhook_endpoint": "http://example.com/"}',
            "webhook_endpoint: must use https",
        ),
        (
            b'{"model_input": {}, "webhook_endpoint": "ftp://example.com/"}',
            "webhook_endpoint: must be an https",
        ),
        (b'{"model_input": {}, "webhook_endpoint": "https://"}', "webhook_endpoint: is not a URL"),
    ],
)
async def test_a_bad_body_is_refused_with_its_reason_and_nothing_is_queued(platform, body, message):
    response = await platform.http.post("/production/async_predict", content=body)
    assert response.status_code == 400
    assert message in response.json()["error"]
    assert response.json()["error_code"] == "client_error"
    assert platform.attempts == []


@pytest.mark.parametrize("is_declared", [True, False])
async def test_a_body_over_256_kib_is_refused(platform, is_declared):
    body = json.dumps({"model_input": "x" * 262_144}).encode()

    async def undeclared() -> AsyncIterator[bytes]:
        yield body

    response = await platform.http.post(
        "/production/async_predict", content=body if is_declared else undeclared()
    )
    assert response.status_code == 413
    assert response.json() == {
        "error": f"payload size of {len(body)} bytes exceeds maximum size of 262144 bytes",
        "error_code": "payload_too_large",
    }


async def test_a_body_of_just_256_kib_is_taken(platform):
    frame = len('{"model_input": ""}')
    body = json.dumps({"model_input": "x" * (262_144 - frame)}).encode()
    assert len(body) == 262_144
    assert (await platform.http.post("/production/async_predict", content=body)).status_code == 201


@pytest.mark.closeness("sync body limit")
async def test_a_sync_body_over_100_mb_is_refused(platform):
    platform.deployment.is_deployed = True
    response = await platform.http.post("/production/predict", headers={"Content-Length": "100000001"})
    assert response.status_code == 413
    assert response.json()["error"].endswith("exceeds maximum size of 100000000 bytes")


@pytest.mark.closeness("any JSON")
@pytest.mark.parametrize("model_input", [None, [1, "é"], "text", 0.5, {"a": {"b": []}}])
async def test_any_json_is_an_input_and_unknown_fields_are_ignored(platform, model_input):
    await platform.submit(model_input=model_input, colour="blue")
    await platform.settle()
    assert json.loads(platform.attempts[0].model_input) == model_input


@pytest.mark.closeness("webhook url")
@pytest.mark.parametrize("webhook_endpoint", [None, "http://localhost:1/hook", "https://example.com/hook"])
async def test_a_webhook_is_optional_and_may_be_plain_http_on_localhost(platform, webhook_endpoint):
    await platform.submit(webhook_endpoint=webhook_endpoint)


@pytest.mark.closeness("error bodies")
@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/async_request/unknown", 404, "there is no async request 'unknown'"),
        ("DELETE", "/async_request/unknown", 404, "there is no async request 'unknown'"),
        ("POST", "/deployment/other/async_predict", 404, "there is no deployment 'other'"),
        ("GET", "/nowhere", 404, "there is nothing at /nowhere"),
        ("POST", "/production/run_remote", 404, "there is no chain here"),
        ("POST", "/production/async_run_remote", 404, "there is no chain here"),
        ("GET", "/production/wake", 405, "GET is not allowed at /production/wake"),
        ("PUT", "/async_request/x", 405, "PUT is not allowed at /async_request/x"),
        ("PUT", "/production/async_predict", 405, "PUT is not allowed at /production/async_predict"),
    ],
)
async def test_what_does_not_exist_is_named(platform, method, path, status, message):
    response = await platform.http.request(method, path)
    assert response.status_code == status
    assert response.json()["error"] == message
    assert response.headers["x-baseten-request-id"]


@pytest.mark.parametrize("target", TARGETS)
async def test_every_target_path_wakes_and_predicts(platform, target):
    platform.deployment.is_deployed = True
    woken = await platform.http.post(f"{target}/wake")
    assert (woken.status_code, platform.deployment.woken) == (202, 1)
    assert woken.headers["x-baseten-request-id"]
    predicted = await platform.http.post(f"{target}/predict", json={"a": 1})
    assert (predicted.status_code, predicted.json()) == (200, {"a": 1})


async def test_the_platforms_host_names_are_known(platform):
    hosts = {"model-model.api.baseten.co": "/production", "model-model-staging.api.baseten.co": ""}
    for host, target in hosts.items():
        accepted = await platform.http.post(
            f"{target}/async_predict", json={"model_input": {}}, headers={"Host": host}
        )
        assert accepted.status_code == 201
        path = f"/async_request/{accepted.json()['request_id']}"
        assert (await platform.http.get(path, headers={"Host": host})).status_code == 200
    other = await platform.http.post("/production/wake", headers={"Host": "model-x.api.baseten.co"})
    assert (other.status_code, other.json()["error_code"]) == (404, "model_does_not_exist")


@pytest.mark.closeness("healthz")
async def test_health_needs_no_key_and_tells_whether_the_model_is_ready(platform):
    platform.http.headers.pop("Authorization")
    assert (await platform.http.get("/healthz")).status_code == 503
    platform.deployment.is_deployed = True
    assert (await platform.http.get("/healthz")).status_code == 200


async def test_a_sync_call_is_refused_while_the_model_is_not_loaded(platform):
    response = await platform.http.post("/production/predict", json={})
    assert response.status_code == 400
    assert response.json() == {
        "error": "Model is not ready, it is still building or deploying",
        "error_code": "model_not_ready",
    }
