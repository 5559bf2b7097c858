import json

import pytest

from async_emulator.outcome import BackPressure, Failure, Outcome, Success, outcome_of
from async_inference.wire import ErrorCode


def answer(status: int, body: object = None, content_type: str = "application/json"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return outcome_of(status, content_type, raw)


def data_of(outcome: Outcome) -> object:
    assert isinstance(outcome, Success)
    return outcome.data


def test_json_is_parsed_and_text_stays_text():
    assert data_of(answer(200, {"a": [1]})) == {"a": [1]}
    assert data_of(answer(200, b"hello", "text/plain; charset=utf-8")) == "hello"
    assert data_of(answer(200, b"{not json")) == "{not json"


@pytest.mark.parametrize("body", [b'"\\ud800"', b"[" * 300 + b"]" * 300, b"1" * 5_000, b'"\xff"'])
def test_json_that_no_payload_can_hold_is_text(body):
    assert data_of(answer(200, body)) == body.decode(errors="replace")


def test_a_streaming_model_is_not_supported():
    outcome = answer(200, b"chunk", "application/octet-stream")
    assert isinstance(outcome, Failure)
    assert outcome.code is ErrorCode.ASYNC_REQUEST_NOT_SUPPORTED
    assert not outcome.is_retryable


def test_429_is_back_pressure_and_no_attempt():
    assert answer(429, {"error": "busy"}) == BackPressure()


@pytest.mark.parametrize(
    ("status", "code", "is_retryable"),
    [
        (400, ErrorCode.MODEL_INVALID_INPUT, False),
        (403, ErrorCode.MODEL_INVALID_INPUT, False),
        (404, ErrorCode.MODEL_DOES_NOT_EXIST, False),
        (412, ErrorCode.MODEL_PREDICT_ERROR, False),
        (422, ErrorCode.MODEL_INVALID_INPUT, False),
        (500, ErrorCode.MODEL_PREDICT_ERROR, True),
        (502, ErrorCode.MODEL_UNAVAILABLE, True),
        (503, ErrorCode.MODEL_UNAVAILABLE, True),
        (504, ErrorCode.MODEL_PREDICT_TIMEOUT, True),
        (507, ErrorCode.MODEL_PREDICT_ERROR, False),
    ],
)
def test_the_models_status_decides_code_and_retry(status, code, is_retryable):
    outcome = answer(status, {"error": "the reason"})
    assert outcome == Failure(code=code, message="the reason", is_retryable=is_retryable)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"detail": 1}}', '{"detail": 1}'),
        (b"plain text", "plain text"),
        (b"", "the model answered 500"),
        (b"[1, 2]", "[1, 2]"),
        (b"x" * 10_000, "x" * 2_000),
    ],
)
def test_the_message_is_the_models_own_and_bounded(body, message):
    outcome = answer(500, body)
    assert isinstance(outcome, Failure)
    assert outcome.message == message
