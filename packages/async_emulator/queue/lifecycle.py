"""Everything that affects an async request's status lives here.

The statuses are those of docs.baseten.co/inference/async and of the status reference. Where these pages say
nothing, we chose: a request stays IN_PROGRESS between two attempts, and until its webhook is delivered; an
expired request sends no webhook, and its webhook's status is CANCELED.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from async_emulator.errors import InvalidTransition
from async_emulator.queue.request import AsyncRequest
from async_inference.codes import RequestStatus, WebhookStatus

if TYPE_CHECKING:
    from async_inference.wire import AsyncRequestError


class Event(StrEnum):
    """What can happen to a request."""

    LEASE = "be leased"
    RELEASE = "be released"
    RECOVER = "be recovered"
    SUCCEED = "succeed"
    SUCCEED_UNDELIVERED = "succeed undelivered"
    FAIL = "fail"
    FAIL_UNDELIVERED = "fail undelivered"
    CANCEL = "be canceled"
    EXPIRE = "expire"


_STATUS = {
    (RequestStatus.QUEUED, Event.LEASE): RequestStatus.IN_PROGRESS,
    (RequestStatus.QUEUED, Event.CANCEL): RequestStatus.CANCELED,
    (RequestStatus.QUEUED, Event.EXPIRE): RequestStatus.EXPIRED,
    (RequestStatus.IN_PROGRESS, Event.RELEASE): RequestStatus.QUEUED,
    (RequestStatus.IN_PROGRESS, Event.RECOVER): RequestStatus.QUEUED,
    (RequestStatus.IN_PROGRESS, Event.SUCCEED): RequestStatus.SUCCEEDED,
    (RequestStatus.IN_PROGRESS, Event.SUCCEED_UNDELIVERED): RequestStatus.WEBHOOK_FAILED,
    (RequestStatus.IN_PROGRESS, Event.FAIL): RequestStatus.FAILED,
    (RequestStatus.IN_PROGRESS, Event.FAIL_UNDELIVERED): RequestStatus.FAILED,
}

_WEBHOOK_STATUS = {
    Event.SUCCEED: WebhookStatus.SUCCEEDED,
    Event.SUCCEED_UNDELIVERED: WebhookStatus.FAILED,
    Event.FAIL: WebhookStatus.SUCCEEDED,
    Event.FAIL_UNDELIVERED: WebhookStatus.FAILED,
    Event.CANCEL: WebhookStatus.CANCELED,
    Event.EXPIRE: WebhookStatus.CANCELED,
}


def initial_webhook_status(webhook_endpoint: str | None) -> WebhookStatus:
    """Return the webhook's status of a new request."""
    return WebhookStatus.PENDING if webhook_endpoint else WebhookStatus.NO_WEBHOOK_PROVIDED


def next_status(status: RequestStatus, event: Event) -> RequestStatus:
    """Return the status after `event`. Raises InvalidTransition where the event cannot happen."""
    try:
        return _STATUS[status, event]
    except KeyError:
        raise InvalidTransition(status, event) from None


def next_webhook_status(webhook_status: WebhookStatus, event: Event) -> WebhookStatus:
    """Return the webhook's status after `event`, which changes only a pending one."""
    if webhook_status is not WebhookStatus.PENDING:
        return webhook_status
    return _WEBHOOK_STATUS.get(event, webhook_status)


def after(
    request: AsyncRequest, event: Event, now: datetime, errors: Sequence["AsyncRequestError"] = ()
) -> AsyncRequest:
    """Return the request after `event`: the one rule by which every queue changes a request.

    Raises InvalidTransition where the event cannot happen.
    """
    status = next_status(request.status, event)
    queue_deadline = request.queue_deadline
    if event is Event.RECOVER:  # it was leased in time, and waits again through no fault of the caller
        queue_deadline = now + timedelta(seconds=request.max_time_in_queue_seconds)
    return request.changed(
        status=status,
        webhook_status=next_webhook_status(request.webhook_status, event),
        status_at=max(now, request.status_at),  # the machine's clock may have been set back
        queue_deadline=queue_deadline,
        model_input=None if status.is_terminal else request.model_input,
        errors=tuple(errors) or request.errors,
    )


def attempted(request: AsyncRequest, errors: Sequence["AsyncRequestError"] = ()) -> AsyncRequest:
    """Return a leased request with one more attempt that has ended, and with the errors of the last one.

    Raises InvalidTransition where it is not IN_PROGRESS.
    """
    if request.status is not RequestStatus.IN_PROGRESS:
        raise InvalidTransition(request.status, "be attempted")
    return request.changed(attempts=request.attempts + 1, errors=tuple(errors))
