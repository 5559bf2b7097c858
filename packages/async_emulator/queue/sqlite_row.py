"""An async request as a row of the durable queue's table, and back. Times are microseconds since 1970."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta

from async_emulator.queue.request import AsyncRequest
from async_inference.codes import Kind, RequestStatus, WebhookStatus

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(time: datetime) -> int:
    """A time as the table has it."""
    return (time - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The time that it was."""
    return _EPOCH + timedelta(microseconds=micros)


def changeable(request: AsyncRequest) -> dict[str, object]:
    """What an event can change, and the key."""
    return {
        "request_id": request.request_id,
        "status": request.status.value,
        "webhook_status": request.webhook_status.value,
        "status_at": to_micros(request.status_at),
        "queue_deadline": to_micros(request.queue_deadline),
        "errors": json.dumps([error.model_dump() for error in request.errors]),
    }


def to_row(request: AsyncRequest) -> dict[str, object]:
    """All of it but the input, which has a table of its own."""
    return {
        **changeable(request),
        "kind": request.kind.value,
        "model_id": request.model_id,
        "deployment_id": request.deployment_id,
        "created_at": to_micros(request.created_at),
        "max_time_in_queue_seconds": request.max_time_in_queue_seconds,
        "priority": request.priority,
        "webhook_endpoint": request.webhook_endpoint,
        **request.retry_config.model_dump(),
    }


def from_row(row: sqlite3.Row) -> AsyncRequest:
    """The request that it was."""
    from async_inference.wire import (  # for a quick start: see Emulator
        AsyncRequestError,
        InferenceRetryConfig,
    )

    errors = row["errors"]
    return AsyncRequest(
        request_id=row["request_id"],
        model_id=row["model_id"],
        deployment_id=row["deployment_id"],
        status=RequestStatus(row["status"]),
        webhook_status=WebhookStatus(row["webhook_status"]),
        created_at=from_micros(row["created_at"]),
        status_at=from_micros(row["status_at"]),
        queue_deadline=from_micros(row["queue_deadline"]),
        max_time_in_queue_seconds=row["max_time_in_queue_seconds"],
        priority=row["priority"],
        model_input=row["model_input"],
        webhook_endpoint=row["webhook_endpoint"],
        retry_config=InferenceRetryConfig(
            max_attempts=row["max_attempts"],
            initial_delay_ms=row["initial_delay_ms"],
            max_delay_ms=row["max_delay_ms"],
        ),
        errors=() if errors == "[]" else tuple(map(AsyncRequestError.model_validate, json.loads(errors))),
        kind=Kind(row["kind"]),
    )
