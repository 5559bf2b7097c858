"""An async request, as the queue keeps it."""

import secrets
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Self, TypedDict, Unpack

from async_inference.codes import Kind, RequestStatus, WebhookStatus

if TYPE_CHECKING:
    from async_inference.wire import AsyncRequestError, AsyncRequestStatus, InferenceRetryConfig


def new_request_id(now: datetime) -> str:
    """Return an id like the platform's: opaque, here 32 hex digits.

    Ids begin with the time, so that the queue's index of ids grows at its end. Each random id would change
    another page of the index, which costs much in a deep queue.
    """
    return f"{round(now.timestamp() * 1_000):012x}{secrets.token_hex(10)}"


class RequestChanges(TypedDict, total=False):
    """The fields that an event can change; see `lifecycle.after`."""

    status: RequestStatus
    webhook_status: WebhookStatus
    status_at: datetime
    queue_deadline: datetime
    model_input: bytes | None
    errors: tuple["AsyncRequestError", ...]
    attempts: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AsyncRequest:
    """One async request and its status. All times are in UTC.

    `model_id` is the chain's id for a request to a chain. `model_input` is the JSON that goes to the model;
    it is erased when the request ends, and None where the queue was not asked for it. A request that is still
    QUEUED at `queue_deadline` expires.

    `attempts` counts the attempts that have ended; one that the emulator's own end interrupts is none.
    A request that is leased with `errors` has failed for good, and only its webhook is left to be sent.
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
    attempts: int = 0

    def __post_init__(self) -> None:
        for time in (self.created_at, self.status_at, self.queue_deadline):
            if time.tzinfo is None:
                raise ValueError("a time of a request has no timezone")

    def changed(self, **changes: Unpack[RequestChanges]) -> Self:
        """Return a copy with these changes.

        Copies the slots one by one, in two thirds of the time that `dataclasses.replace` takes: this runs
        three times for each request.
        """
        copy = object.__new__(type(self))
        for read, write in _SLOTS:
            write(copy, read(self))
        for name, value in changes.items():
            _WRITERS[name](copy, value)
        copy.__post_init__()
        return copy

    @property
    def public_status(self) -> "AsyncRequestStatus":
        """The answer of the status endpoint."""
        from async_inference.wire import AsyncRequestStatus  # imported on first use, for a quick start

        return AsyncRequestStatus(
            request_id=self.request_id,
            model_id=self.model_id if self.kind is Kind.MODEL else None,
            chain_id=self.model_id if self.kind is Kind.CHAIN else None,
            deployment_id=self.deployment_id,
            status=self.status,
            webhook_status=self.webhook_status,
            created_at=self.created_at,
            status_at=self.status_at,
            errors=list(self.errors) if self.status.is_terminal else [],
        )


_WRITERS = {field.name: getattr(AsyncRequest, field.name).__set__ for field in fields(AsyncRequest)}
_SLOTS = [(getattr(AsyncRequest, name).__get__, write) for name, write in _WRITERS.items()]
