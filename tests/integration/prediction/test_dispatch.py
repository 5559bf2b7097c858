"""How requests run: order, retries, time limits, back-pressure, webhooks."""

import pytest

from async_emulator.errors import ReplicaUnreachable
from async_emulator.prediction.outcome import BackPressure, Failure, Success
from async_inference.wire import ErrorCode

BROKEN = Failure(code=ErrorCode.MODEL_PREDICT_ERROR, message="it broke", is_retryable=True, status=500)
UNREACHABLE_ONCE = ReplicaUnreachable("gone")
INVALID = Failure(code=ErrorCode.MODEL_INVALID_INPUT, message="not like that", is_retryable=False, status=422)


async def test_a_request_runs(platform):
    request_id = await platform.submit(model_input={"prompt": "é"})
    await platform.settle()
    assert platform.attempts[0].model_input == '{"prompt":"é"}'.encode()
    assert (await platform.status(request_id))["status"] == "SUCCEEDED"


@pytest.mark.closeness("input bytes")
@pytest.mark.parametrize(
    "model_input",
    [b"1E400", b"-0", b"[1.10, NaN]", b'{ "a": 1, "a": "\\u00e9\xc3\xa9" }', b"[%s]" % (b"7" * 4_300)],
)
async def test_the_input_reaches_the_model_as_it_was_written(platform, model_input):
    body = b'{"priority": 1, "model_input":\t%s }' % model_input
    response = await platform.http.post("/production/async_predict", content=body)
    assert response.status_code == 201
    await platform.settle()
    assert platform.attempts[0].model_input == model_input


@pytest.mark.parametrize("body", ['{"model_input": 1}'.encode("utf-16"), b'\xef\xbb\xbf{"model_input": 1}'])
async def test_a_body_that_is_not_plain_utf_8_is_refused(platform, body):
    response = await platform.http.post("/production/async_predict", content=body)
    assert response.status_code == 400
    assert response.json()["error"].startswith("Invalid JSON: ")


async def test_requests_wait_while_no_replica_is_ready(platform):
    platform.capacity.close_all()
    request_id = await platform.submit()
    await platform.settle()
    assert (await platform.status(request_id))["status"] == "QUEUED"
    platform.open(1)
    await platform.settle()
    assert (await platform.status(request_id))["status"] == "SUCCEEDED"


async def test_as_many_run_at_once_as_there_are_slots(platform):
    platform.open(1)
    platform.hold.clear()
    for _ in range(3):
        await platform.submit()
    await platform.settle()
    assert len(platform.attempts) == 2
    platform.hold.set()
    await platform.settle()
    assert len(platform.attempts) == 3


async def test_a_lower_number_goes_first(platform):
    platform.hold.clear()
    first = await platform.submit()
    low, high = await platform.submit(priority=2), await platform.submit(priority=0)
    platform.hold.set()
    await platform.settle()
    assert [attempt.request_id for attempt in platform.attempts] == [first, high, low]


@pytest.mark.closeness("between attempts")
async def test_a_failed_attempt_is_made_again_after_its_delay(platform):
    platform.outcomes = [BROKEN, BROKEN, Success(body=b"1")]
    request_id = await platform.submit()
    await platform.settle()
    assert len(platform.attempts) == 1
    assert (await platform.status(request_id))["status"] == "IN_PROGRESS"
    platform.clock.advance(1)
    await platform.settle()
    assert len(platform.attempts) == 2
    platform.clock.advance(1.9)
    await platform.settle()
    assert len(platform.attempts) == 2
    platform.clock.advance(0.1)
    await platform.settle()
    assert len(platform.attempts) == 3
    assert (await platform.status(request_id))["status"] == "SUCCEEDED"


async def test_a_request_that_waits_for_its_retry_holds_no_slot(platform):
    platform.outcomes = [BROKEN]
    failing = await platform.submit()
    await platform.settle()
    other = await platform.submit()
    await platform.settle()
    assert (await platform.status(other))["status"] == "SUCCEEDED"
    platform.clock.advance(1)
    await platform.settle()
    assert (await platform.status(failing))["status"] == "SUCCEEDED"


async def test_a_request_fails_when_its_attempts_are_used_up(platform):
    platform.outcomes = [BROKEN] * 2
    request_id = await platform.submit(inference_retry_config={"max_attempts": 2, "initial_delay_ms": 0})
    await platform.settle()
    status = await platform.status(request_id)
    assert len(platform.attempts) == 2
    assert status["status"] == "FAILED"
    assert status["errors"] == [{"code": "MODEL_PREDICT_ERROR", "message": "it broke"}]


async def test_what_cannot_get_better_is_not_tried_again(platform):
    platform.outcomes = [INVALID]
    request_id = await platform.submit()
    await platform.settle()
    assert len(platform.attempts) == 1
    assert (await platform.status(request_id))["status"] == "FAILED"


@pytest.mark.closeness("back-pressure")
async def test_back_pressure_is_no_attempt_and_the_request_is_queued_meanwhile(platform):
    platform.outcomes = [BackPressure(), BackPressure()]
    request_id = await platform.submit(inference_retry_config={"max_attempts": 1})
    await platform.settle()
    assert (await platform.status(request_id))["status"] == "QUEUED"
    platform.clock.advance(0.5)
    await platform.settle()
    assert len(platform.attempts) == 2
    platform.clock.advance(0.5)  # the second pause is twice as long
    await platform.settle()
    assert len(platform.attempts) == 2
    platform.clock.advance(0.5)
    await platform.settle()
    assert (await platform.status(request_id))["status"] == "SUCCEEDED"


async def test_what_the_model_refuses_is_no_attempt_after_a_failed_one_either(platform):
    platform.outcomes = [BROKEN, BackPressure(), BROKEN]
    request_id = await platform.submit(inference_retry_config={"max_attempts": 2, "initial_delay_ms": 0})
    await platform.settle()
    platform.clock.advance(0.5)
    await platform.settle()
    assert len(platform.attempts) == 3
    assert (await platform.status(request_id))["status"] == "FAILED"


async def test_a_request_that_is_always_refused_expires_when_its_time_is_over(platform):
    platform.outcomes = [BackPressure()] * 100
    request_id = await platform.submit(max_time_in_queue_seconds=10)
    for _ in range(9):
        platform.clock.advance(1)
        await platform.settle()
    assert (await platform.status(request_id))["status"] == "QUEUED"
    assert len(platform.attempts) > 3
    platform.clock.advance(1)
    await platform.settle()
    assert (await platform.status(request_id))["status"] == "EXPIRED"


async def test_a_fault_of_the_emulator_is_retried_and_named(platform, caplog):
    platform.outcomes = [ValueError("hidden"), ValueError("hidden")]
    request_id = await platform.submit(inference_retry_config={"max_attempts": 2, "initial_delay_ms": 0})
    await platform.settle()
    assert len(platform.attempts) == 2
    assert (await platform.status(request_id))["errors"] == [
        {"code": "INTERNAL_SERVER_ERROR", "message": "ValueError"}
    ]


@pytest.mark.parametrize("is_final", [False, True])
async def test_whether_a_model_that_is_not_ready_is_asked_again_is_a_setting(platform, is_final):
    platform.serve(retry_not_ready=not is_final)
    platform.open(1)
    platform.outcomes = [
        Failure(code=ErrorCode.MODEL_NOT_READY, message="not yet", is_retryable=True, status=400)
    ]
    request_id = await platform.submit(inference_retry_config={"initial_delay_ms": 0})
    await platform.settle()
    assert (await platform.status(request_id))["status"] == ("FAILED" if is_final else "SUCCEEDED")


async def test_while_the_model_is_busy_nothing_else_is_sent_and_the_order_holds(platform):
    platform.capacity.close_all()
    platform.outcomes = [BackPressure()]
    request_ids = [await platform.submit() for _ in range(3)]
    platform.open(1)
    await platform.settle()
    assert len(platform.attempts) == 1
    platform.clock.advance(0.5)
    await platform.settle()
    assert [attempt.request_id for attempt in platform.attempts[1:]] == request_ids


@pytest.mark.closeness("prediction timeout")
async def test_a_prediction_may_take_an_hour(platform):
    platform.hold.clear()
    request_id = await platform.submit()
    await platform.settle()
    platform.clock.advance(3_599)
    await platform.settle()
    assert (await platform.status(request_id))["status"] == "IN_PROGRESS"
    platform.clock.advance(1)
    await platform.settle()
    status = await platform.status(request_id)
    assert status["status"] == "FAILED"
    assert status["errors"][0]["code"] == "MODEL_PREDICT_TIMEOUT"
    assert len(platform.attempts) == 1


@pytest.mark.closeness("expiry")
@pytest.mark.parametrize("seconds", [10, 600, 259_200])
async def test_a_request_expires_when_its_time_in_the_queue_is_over(platform, seconds):
    platform.capacity.close_all()
    request_id = await platform.submit(max_time_in_queue_seconds=seconds)
    await platform.settle()
    platform.clock.advance(seconds - 1)
    await platform.settle()
    assert (await platform.status(request_id))["status"] == "QUEUED"
    platform.clock.advance(1)
    await platform.settle()
    assert (await platform.status(request_id))["status"] == "EXPIRED"


@pytest.mark.closeness("retention")
async def test_an_ended_request_is_unknown_after_an_hour(platform):
    request_id = await platform.submit()
    await platform.settle()
    platform.clock.advance(3_599)
    await platform.settle()
    assert (await platform.status(request_id))["status"] == "SUCCEEDED"
    platform.clock.advance(1)
    for method in ("GET", "DELETE"):
        answer = await platform.http.request(method, f"/async_request/{request_id}")
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("outcome", "accepts", "status", "webhook_status"),
    [
        (Success(body=b'{"a": 1}'), True, "SUCCEEDED", "SUCCEEDED"),
        (Success(body=b'{"a": 1}'), False, "WEBHOOK_FAILED", "FAILED"),
        (INVALID, True, "FAILED", "SUCCEEDED"),
        (INVALID, False, "FAILED", "FAILED"),
    ],
)
async def test_a_webhook_gets_the_result_or_the_error(platform, outcome, accepts, status, webhook_status):
    platform.outcomes = [outcome]
    platform.receivers.accept = accepts
    request_id = await platform.submit(webhook_endpoint="https://example.com/hook")
    await platform.settle()
    [(url, result)] = platform.receivers.delivered
    assert url == "https://example.com/hook"
    assert result.request_id == request_id
    if isinstance(outcome, Success):
        assert (result.data, result.errors) == ({"a": 1}, [])
    else:
        assert (result.data, [error.code for error in result.errors]) == (None, ["MODEL_INVALID_INPUT"])
    ended = await platform.status(request_id)
    assert (ended["status"], ended["webhook_status"]) == (status, webhook_status)


async def test_a_replica_that_does_not_answer_gets_nothing_more_and_the_attempt_counts(platform):
    platform.outcomes = [UNREACHABLE_ONCE]
    broken = await platform.submit(inference_retry_config={"max_attempts": 1})
    await platform.settle()
    queued = await platform.submit()
    await platform.settle()
    ended = await platform.status(broken)
    assert (ended["status"], ended["errors"][0]["code"]) == ("FAILED", "MODEL_UNAVAILABLE")
    assert (await platform.status(queued))["status"] == "QUEUED"
    platform.open(1)
    await platform.settle()
    assert (await platform.status(queued))["status"] == "SUCCEEDED"


async def test_two_replicas_run_two_requests(platform):
    other = platform.open(1)
    platform.hold.clear()
    for _ in range(3):
        await platform.submit()
    await platform.settle()
    assert len(platform.attempts) == 2
    platform.capacity.close(other)  # it may end what it runs, and gets nothing more
    platform.hold.set()
    await platform.settle()
    assert (other.in_use, len(platform.attempts)) == (0, 3)
