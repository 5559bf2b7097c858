import json
import socket
from datetime import UTC, datetime

import httpx
import pytest

from async_inference.client import AsyncInferenceClient
from async_inference.endpoint import Endpoint
from async_inference.errors import (
    ApiError,
    ConnectionFailed,
    InferenceError,
    InvalidRequest,
    InvalidSetting,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    Unauthorized,
)
from async_inference.wire import AsyncPredictRequest, InferenceRetryConfig, RequestStatus

SUBMIT = "/production/async_predict"
REQUEST = AsyncPredictRequest(model_input={"prompt": "hé"})


def test_submit_sends_only_what_was_set(api, client, api_key):
    api.accept("r1")
    assert client.submit(REQUEST) == "r1"
    (call,) = api.calls
    assert (call.method, call.path) == ("POST", SUBMIT)
    assert call.headers["authorization"] == f"Bearer {api_key}"
    assert call.headers["content-type"] == "application/json"
    assert json.loads(call.body) == {"model_input": {"prompt": "hé"}}


def test_submit_sends_every_setting(api, client):
    api.accept("r1")
    client.submit(
        AsyncPredictRequest(
            model_input=[1],
            webhook_endpoint="https://hook.example/x",
            priority=2,
            max_time_in_queue_seconds=10,
            inference_retry_config=InferenceRetryConfig(max_attempts=1),
        )
    )
    assert json.loads(api.calls[0].body) == {
        "model_input": [1],
        "webhook_endpoint": "https://hook.example/x",
        "priority": 2,
        "max_time_in_queue_seconds": 10,
        "inference_retry_config": {"max_attempts": 1},
    }


@pytest.mark.parametrize("status_code", [200, 202])
def test_only_201_counts_as_accepted(api, client, status_code):
    api.answer("POST", SUBMIT, status_code, {"request_id": "r1"})
    with pytest.raises(ApiError) as refusal:
        client.submit(REQUEST)
    assert refusal.value.status_code == status_code


def test_status(api, client):
    api.has_status("r1", "FAILED", errors=[{"code": "MODEL_PREDICT_ERROR", "message": "it broke"}])
    status = client.status("r1")
    assert status.status is RequestStatus.FAILED
    assert status.created_at == datetime(2025, 3, 27, 0, 17, 51, 578558, tzinfo=UTC)
    assert status.errors[0].message == "it broke"


def test_cancel(api, client):
    answer = {"request_id": "r1", "canceled": False, "message": "too late"}
    api.answer("DELETE", "/async_request/r1", 200, answer)
    assert client.cancel("r1").model_dump() == answer


def test_queue_status(api, client):
    answer = {"model_id": "m", "deployment_id": "d", "num_queued_requests": 3, "num_in_progress_requests": 1}
    api.answer("GET", "/production/async_queue_status", 200, answer)
    assert client.queue_status().model_dump(exclude_unset=True) == answer


@pytest.mark.parametrize(
    ("status_code", "kind", "builtin"),
    [
        (400, InvalidRequest, ValueError),
        (401, Unauthorized, PermissionError),
        (403, Unauthorized, PermissionError),
        (404, NotFound, LookupError),
        (413, PayloadTooLarge, ValueError),
        (429, RateLimited, InferenceError),
        (402, ApiError, InferenceError),
        (500, ApiError, InferenceError),
        (503, ApiError, InferenceError),
    ],
)
def test_a_refusal_is_an_error_of_its_own_kind(api, client, status_code, kind, builtin):
    body = {"error": "the reason", "error_code": "client_error"}
    api.answer("GET", "/async_request/r1", status_code, body)
    with pytest.raises(kind) as refusal:
        client.status("r1")
    error = refusal.value
    assert type(error) is kind
    assert isinstance(error, builtin)
    assert (error.status_code, error.error, error.error_code) == (status_code, "the reason", "client_error")
    assert error.url == f"{api.url}/async_request/r1"
    assert str(error) == f"{error.url} answered {status_code}: the reason"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"upstream is gone", "upstream is gone"),
        (b"", "Bad Gateway"),
        (b"[]", "[]"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ({"error": {"kind": "nested"}}, '{"kind": "nested"}'),
        ({"detail": "spec's other field"}, "spec's other field"),
        (b"x" * 5_000, "x" * 200),
        (b'{"error": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", '{"error": ' + "[" * 190),
    ],
)
def test_any_refusal_is_shown_as_it_came(api, client, body, said):
    api.answer("GET", "/async_request/r1", 502, body)
    with pytest.raises(ApiError) as refusal:
        client.status("r1")
    assert refusal.value.error == said


def test_a_redirect_is_not_followed(api, client):
    api.answer("GET", "/async_request/r1", 301, b"", {"Location": "/elsewhere"})
    with pytest.raises(ApiError, match="answered 301: Moved Permanently"):
        client.status("r1")
    assert len(api.calls) == 1


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<html>", "body: Invalid JSON"),
        ({"id": "r1"}, "request_id: Field required"),
        ({"request_id": 7}, "request_id: Input should be a valid string"),
    ],
)
def test_an_answer_that_cannot_be_read_says_why(api, client, body, problem):
    api.answer("POST", SUBMIT, 201, body)
    with pytest.raises(ApiError, match=f"answered 201: not an AsyncRequestAccepted: {problem}"):
        client.submit(REQUEST)


def test_nothing_answers(api_key):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with (
        AsyncInferenceClient(api_key=api_key, endpoint=Endpoint(base_url=url)) as client,
        pytest.raises(ConnectionFailed, match=f"nothing answers at {url}: start it with") as failure,
    ):
        client.status("r1")
    assert isinstance(failure.value, ConnectionError)
    assert failure.value.url == url


def test_no_answer_in_time(api_key):
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        AsyncInferenceClient(
            api_key=api_key,
            endpoint=Endpoint(base_url=f"http://127.0.0.1:{silent.getsockname()[1]}"),
            timeout=0.05,
        ) as client,
        pytest.raises(ConnectionFailed, match="no answer in time"),
    ):
        client.status("r1")


def test_a_proxy_is_not_asked_for_this_machine(api, api_key, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    api.has_status("r1", "QUEUED")
    with AsyncInferenceClient(api_key=api_key, endpoint=Endpoint(base_url=api.url)) as client:
        assert client.status("r1").status is RequestStatus.QUEUED


@pytest.mark.parametrize("key", ["", "se same", "sesame\n", "sesäme", "ses\x00ame"])
def test_a_key_no_header_can_carry_is_refused_and_not_repeated(key):
    with pytest.raises(InvalidSetting, match="API key: ") as refusal:
        AsyncInferenceClient(api_key=key, endpoint=Endpoint.of_model("abc123"))
    assert "ame" not in repr(refusal.value)


def test_no_repr_holds_the_key(api, client, api_key):
    api.answer("GET", "/async_request/r1", 401, {"error": "please check the api-key you provided"})
    with pytest.raises(Unauthorized) as refusal:
        client.status("r1")
    assert (
        api_key
        not in f"{refusal.value!r} {refusal.value} {vars(refusal.value)} {client!r} {client.endpoint!r}"
    )


def test_a_transport_can_stand_in_for_the_network(api_key):
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url == "https://model-abc123.api.baseten.co/development/async_predict"
        return httpx.Response(201, json={"request_id": "r9"})

    endpoint = Endpoint.of_model("abc123", environment="development")
    transport = httpx.MockTransport(answer)
    with AsyncInferenceClient(api_key=api_key, endpoint=endpoint, transport=transport) as client:
        assert client.submit(REQUEST) == "r9"
