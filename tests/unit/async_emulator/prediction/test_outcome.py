import gzip
import json

import pytest

from async_emulator.prediction.outcome import (
    BackPressure,
    Failure,
    Outcome,
    Success,
    is_streamed,
    outcome_of,
    streamed,
)
from async_emulator.webhooks import payload
from async_inference.wire import ErrorCode


def answer(status: int, body: object = None, content_type: str = "application/json", **headers: str):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return outcome_of(status, {"Content-Type": content_type, **headers}, raw)


def data_of(outcome: Outcome) -> object:
    assert isinstance(outcome, Success)
    return payload.data_of(outcome.body, is_json=outcome.is_json)


def test_a_success_is_json_unless_it_is_said_to_be_something_else():
    assert data_of(Success(body=b"[1]")) == [1]
    assert data_of(Success(body=b"[1]", is_json=False)) == "[1]"


def test_json_is_parsed_and_text_stays_text():
    assert data_of(answer(200, {"a": [1]})) == {"a": [1]}
    assert data_of(answer(200, b"hello", "text/plain; charset=utf-8")) == "hello"
    assert data_of(answer(200, b"{not json")) == "{not json"


@pytest.mark.parametrize("body", [b'"\\ud800"', b"[" * 300 + b"]" * 300, b"1" * 5_000, b'"\xff"'])
def test_json_that_no_payload_can_hold_is_text(body):
    assert data_of(answer(200, body)) == body.decode(errors="replace")


def test_bytes_that_come_whole_are_text_whatever_their_type():
    assert data_of(answer(200, b"whole", "application/octet-stream")) == "whole"


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {"Transfer-Encoding": "chunked"}, True),
        (200, {"Content-Length": "2"}, False),
        (204, {}, False),
        (300, {"Transfer-Encoding": "chunked"}, False),
        (500, {"Transfer-Encoding": "chunked"}, False),
    ],
)
def test_an_answer_without_a_length_is_streamed(status, headers, expected):
    assert is_streamed(status, headers) is expected
    outcome = streamed(status)
    assert (outcome.code, outcome.is_retryable) == (ErrorCode.ASYNC_REQUEST_NOT_SUPPORTED, False)
    assert outcome.status == status


def test_429_is_back_pressure_and_no_attempt():
    assert answer(429, {"error": "busy"}) == BackPressure()


@pytest.mark.closeness("error codes")
@pytest.mark.parametrize(
    ("status", "code", "is_retryable"),
    [
        (300, ErrorCode.MODEL_PREDICT_ERROR, False),
        (302, ErrorCode.MODEL_PREDICT_ERROR, False),
        (400, ErrorCode.MODEL_NOT_READY, True),
        (401, ErrorCode.MODEL_INVALID_INPUT, False),
        (403, ErrorCode.MODEL_INVALID_INPUT, False),
        (404, ErrorCode.MODEL_DOES_NOT_EXIST, False),
        (408, ErrorCode.MODEL_INVALID_INPUT, False),
        (409, ErrorCode.MODEL_INVALID_INPUT, False),
        (412, ErrorCode.MODEL_PREDICT_ERROR, False),
        (418, ErrorCode.MODEL_INVALID_INPUT, False),
        (422, ErrorCode.MODEL_INVALID_INPUT, False),
        (499, ErrorCode.MODEL_INVALID_INPUT, False),
        (500, ErrorCode.MODEL_PREDICT_ERROR, True),
        (501, ErrorCode.MODEL_PREDICT_ERROR, False),
        (502, ErrorCode.MODEL_UNAVAILABLE, True),
        (503, ErrorCode.MODEL_UNAVAILABLE, True),
        (504, ErrorCode.MODEL_PREDICT_TIMEOUT, True),
        (507, ErrorCode.MODEL_PREDICT_ERROR, False),
        (600, ErrorCode.MODEL_PREDICT_ERROR, False),
    ],
)
def test_the_models_status_decides_code_and_retry(status, code, is_retryable):
    outcome = answer(status, {"error": "the reason"})
    assert outcome == Failure(code=code, message="the reason", is_retryable=is_retryable, status=status)


def test_a_400_of_the_truss_server_says_that_the_input_is_wrong():
    marked = {"X-Baseten-Error-Source": "04", "X-Baseten-Error-Code": "700"}
    outcome = answer(400, {"error": "Request Validation Error, 1 errors were found"}, **marked)
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.is_retryable) == (ErrorCode.MODEL_INVALID_INPUT, False)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"detail": 1}}', '{"detail": 1}'),
        (b'{"error": {"exception_cls_name": "KeyError", "exception_message": "1"}}', "KeyError: 1"),
        (b"plain text", "plain text"),
        (b'{"error": "caf\xe9"}', "caf�"),
        (b"", "the model answered 500"),
        (b"[1, 2]", "[1, 2]"),
        (b"x" * 10_000, "x" * 2_000),
        (b'{"error": ' + b"[" * 100_000, '{"error": ' + "[" * 1_990),
        (b'{"error": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", '{"error": ' + "[" * 1_990),
        (b'{"error": ' + b"7" * 5_000 + b"}", '{"error": ' + "7" * 1_990),
        (b'{"error": "\\ud800"}', '{"error": "\\ud800"}'),
    ],
)
def test_the_message_is_the_models_own_and_bounded(body, message):
    outcome = answer(500, body)
    assert isinstance(outcome, Failure)
    assert outcome.message == message


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("encoding", ["gzip", " X-GZIP "])
def test_an_answer_in_gzip_is_decoded(status, encoding):
    body = gzip.compress(b'{"error": "\xc3\xa9"}')
    outcome = outcome_of(status, {"Content-Type": "application/json", "Content-Encoding": encoding}, body)
    if isinstance(outcome, Success):
        assert data_of(outcome) == {"error": "é"}
    else:
        assert isinstance(outcome, Failure)
        assert outcome.message == "é"


@pytest.mark.parametrize(
    "body", [b"not gzip", gzip.compress(b"x", mtime=0)[:12], gzip.compress(b"x", mtime=0)[:-5]]
)
def test_an_answer_that_only_claims_to_be_gzip_is_an_error_of_the_model(body):
    outcome = outcome_of(200, {"Content-Encoding": "gzip"}, body)
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.is_retryable) == (ErrorCode.MODEL_PREDICT_ERROR, False)


def test_an_error_that_only_claims_to_be_gzip_is_the_error_that_it_is():
    outcome = outcome_of(503, {"Content-Encoding": "gzip"}, b"busy")
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.message, outcome.is_retryable) == (
        ErrorCode.MODEL_UNAVAILABLE,
        "busy",
        True,
    )
