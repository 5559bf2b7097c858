import itertools

import pytest

from async_emulator.errors import InvalidTransition
from async_emulator.queue.lifecycle import Event, initial_webhook_status, next_status, next_webhook_status
from async_inference.wire import RequestStatus, WebhookStatus

ALLOWED = {
    ("QUEUED", Event.LEASE): "IN_PROGRESS",
    ("QUEUED", Event.CANCEL): "CANCELED",
    ("QUEUED", Event.EXPIRE): "EXPIRED",
    ("IN_PROGRESS", Event.RELEASE): "QUEUED",
    ("IN_PROGRESS", Event.RECOVER): "QUEUED",
    ("IN_PROGRESS", Event.SUCCEED): "SUCCEEDED",
    ("IN_PROGRESS", Event.SUCCEED_UNDELIVERED): "WEBHOOK_FAILED",
    ("IN_PROGRESS", Event.FAIL): "FAILED",
    ("IN_PROGRESS", Event.FAIL_UNDELIVERED): "FAILED",
}


@pytest.mark.closeness("statuses")
@pytest.mark.parametrize(("status", "event"), list(itertools.product(RequestStatus, Event)))
def test_the_table_is_the_contracts_and_nothing_else_is_possible(status, event):
    if (expected := ALLOWED.get((status.value, event))) is not None:
        assert next_status(status, event) == expected
    else:
        with pytest.raises(InvalidTransition, match=f"is {status.value} cannot {event}"):
            next_status(status, event)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Event.LEASE, WebhookStatus.PENDING),
        (Event.RELEASE, WebhookStatus.PENDING),
        (Event.RECOVER, WebhookStatus.PENDING),
        (Event.SUCCEED, WebhookStatus.SUCCEEDED),
        (Event.SUCCEED_UNDELIVERED, WebhookStatus.FAILED),
        (Event.FAIL, WebhookStatus.SUCCEEDED),
        (Event.FAIL_UNDELIVERED, WebhookStatus.FAILED),
        (Event.CANCEL, WebhookStatus.CANCELED),
        (Event.EXPIRE, WebhookStatus.CANCELED),
    ],
)
def test_a_pending_delivery_follows_the_request_and_no_webhook_stays_none(event, expected):
    assert next_webhook_status(WebhookStatus.PENDING, event) == expected
    assert next_webhook_status(WebhookStatus.NO_WEBHOOK_PROVIDED, event) == WebhookStatus.NO_WEBHOOK_PROVIDED


def test_a_webhook_is_pending_from_the_start():
    assert initial_webhook_status("https://example.com/hook") is WebhookStatus.PENDING
    assert initial_webhook_status(None) is WebhookStatus.NO_WEBHOOK_PROVIDED
