from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from async_emulator.queue.lifecycle import Event, after
from async_emulator.queue.memory import MemoryQueue
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_log import RequestLog, request_line
from async_inference.wire import AsyncRequestError, InferenceRetryConfig, RequestStatus, WebhookStatus

START = datetime(2026, 1, 1, tzinfo=UTC)
QUEUED = AsyncRequest(
    request_id="r1",
    model_id="m",
    deployment_id="d",
    status=RequestStatus.QUEUED,
    webhook_status=WebhookStatus.PENDING,
    created_at=START,
    status_at=START,
    queue_deadline=START + timedelta(seconds=600),
    max_time_in_queue_seconds=600,
    priority=0,
    model_input=b"{}",
    webhook_endpoint="https://example.com/?token=hush",
    retry_config=InferenceRetryConfig(),
)


def test_a_line_says_what_happened_and_how_long_the_status_before_lasted():
    assert request_line(None, QUEUED) == (
        "request | request_id=r1 deployment_id=d status=QUEUED webhook_status=PENDING"
    )
    leased = after(QUEUED, Event.LEASE, START + timedelta(milliseconds=1_500))
    assert request_line(QUEUED, leased) == (
        "request | request_id=r1 deployment_id=d from=QUEUED seconds=1.500 status=IN_PROGRESS "
        "webhook_status=PENDING"
    )
    errors = [AsyncRequestError(code="MODEL_PREDICT_ERROR", message="no\nluck")]
    failed = after(leased, Event.FAIL, START + timedelta(seconds=2), errors)
    assert request_line(leased, failed) == (
        "request | request_id=r1 deployment_id=d from=IN_PROGRESS seconds=0.500 status=FAILED "
        "webhook_status=SUCCEEDED errors=MODEL_PREDICT_ERROR"
    )


async def test_all_that_happens_in_one_moment_is_written_at_once():
    written: list[Sequence[str]] = []
    queue = MemoryQueue()
    log = RequestLog(written.append)
    queue.watch(log)
    for request_id in ("a", "b"):
        queue.enqueue(replace(QUEUED, request_id=request_id))
    assert written == []
    log.flush()
    log.flush()
    [lines] = written
    assert [line.split()[2] for line in lines] == ["request_id=a", "request_id=b"]
