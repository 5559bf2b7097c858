"""An async request, as the queue keeps it."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from async_inference.codes import Kind, RequestStatus, WebhookStatus

if TYPE_CHECKING:
    from async_inference.wire import AsyncRequestError, AsyncRequestStatus, InferenceRetryConfig


def new_request_id(now: datetime) -> str:
    """An id as the platform makes them: opaque, here 32 hex digits.

    They begin with the time, so that the queue's index of them grows at its end: in a deep queue each new id
    would otherwise change another of its pages.
    """
    return f"{round(now.timestamp() * 1_000):012x}{secrets.token_hex(10)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class AsyncRequest:
    """One async request and where it stands. All times are in UTC.

    `model_id` is the chain's id for a request to a chain.
    `model_input` is the JSON that goes to the model; it is erased when the request ends, and None where it
    is not asked for. A request still QUEUED at `queue_deadline` expires.
    """

    request_id: str
    model_id: str
    deployment_id: str
    status: RequestStatus
    webhook_status: WebhookStatus
    created_at: datetime
    status_at: datetime
    queue_deadline: datetime
    max_time_in_queue_seconds: int
    priority: int
    model_input: bytes | None
    webhook_endpoint: str | None
    retry_config: "InferenceRetryConfig"
    errors: tuple["AsyncRequestError", ...] = ()
    kind: Kind = Kind.MODEL

    def __post_init__(self) -> None:
        for time in (self.created_at, self.status_at, self.queue_deadline):
            if time.tzinfo is None:
                raise ValueError("the times of a request have a timezone")

    @property
    def public_status(self) -> "AsyncRequestStatus":
        """What the status endpoint tells of it."""
        from async_inference.wire import AsyncRequestStatus  # here, for a quick start: see Emulator

        return AsyncRequestStatus(
            request_id=self.request_id,
            model_id=self.model_id if self.kind is Kind.MODEL else None,
            chain_id=self.model_id if self.kind is Kind.CHAIN else None,
            deployment_id=self.deployment_id,
            status=self.status,
            webhook_status=self.webhook_status,
            created_at=self.created_at,
            status_at=self.status_at,
            errors=list(self.errors),
        )
