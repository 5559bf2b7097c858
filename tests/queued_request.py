"""A request as it stands in a queue, for the tests of whatever keeps or watches one."""

from datetime import UTC, datetime, timedelta

from async_emulator.queue.lifecycle import initial_webhook_status
from async_emulator.queue.request import AsyncRequest
from async_inference.wire import InferenceRetryConfig, RequestStatus

START = datetime(2026, 1, 1, tzinfo=UTC)
HERE = "deployment"


def request(
    request_id: str,
    *,
    priority: int = 0,
    now: datetime = START,
    max_time_in_queue_seconds: int = 600,
    webhook_endpoint: str | None = None,
    deployment_id: str = HERE,
) -> AsyncRequest:
    return AsyncRequest(
        request_id=request_id,
        model_id="model",
        deployment_id=deployment_id,
        status=RequestStatus.QUEUED,
        webhook_status=initial_webhook_status(webhook_endpoint),
        created_at=now,
        status_at=now,
        queue_deadline=now + timedelta(seconds=max_time_in_queue_seconds),
        max_time_in_queue_seconds=max_time_in_queue_seconds,
        priority=priority,
        model_input=b'{"prompt": "\xc3\xa9"}',
        webhook_endpoint=webhook_endpoint,
        retry_config=InferenceRetryConfig(max_attempts=2),
    )
