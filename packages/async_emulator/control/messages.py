"""The messages of the control path."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from async_emulator.webhooks.delivery import Delivery
from async_inference.codes import RequestStatus


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Advance(_Message):
    """How far to advance the clock."""

    advance_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class DispatchState(_Message):
    """Whether requests stay in the queue."""

    is_paused: bool


class KillReplica(_Message):
    """Which replica to end (0 is the oldest), and of which deployment: by default, of the first."""

    kill: Annotated[int, Field(ge=0)] = 0
    deployment_id: str | None = None
    chainlet: str | None = None


class FaultPlan(_Message):
    """A fault for the next `predictions` predictions, and the number of deliveries to webhooks to lose.

    A prediction waits `delay_seconds`, and then hangs for ever, is answered `status`, or is made.
    """

    predictions: Annotated[int, Field(ge=0, le=100_000)] = 0
    delay_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    hangs: bool = False
    webhooks: Annotated[int, Field(ge=0)] = 0


class RequestQuery(_Message):
    """Which requests to list, newest first."""

    status: RequestStatus | None = None
    limit: Annotated[int, Field(ge=1, le=10_000)] = 100


class NewWebhookSecret(_Message):
    """The secret that signs from now on; without a value, a new one is made."""

    value: str | None = None


class RemovedWebhookSecret(_Message):
    """The secret that is no longer to sign."""

    value: str


class ControlledDelivery(_Message):
    """One attempt at a delivery. `body` is exactly the text that was sent, in UTF-8."""

    request_id: str
    webhook_endpoint: str
    attempt: int
    sent_at: datetime
    seconds: float
    headers: dict[str, str]
    body: str
    status: int | None
    answer: str | None
    problem: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """Return the message that describes a delivery."""
        answer = delivery.answer
        return cls(
            request_id=delivery.request_id,
            webhook_endpoint=delivery.webhook_endpoint,
            attempt=delivery.attempt,
            sent_at=delivery.sent_at,
            seconds=delivery.seconds,
            headers=dict(delivery.headers),
            body=delivery.body.decode(),
            status=None if answer is None else answer.status,
            answer=None if answer is None else answer.body,
            problem=delivery.problem,
        )
