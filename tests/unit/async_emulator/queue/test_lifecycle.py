import itertools
from datetime import datetime, timedelta

import pytest

from async_emulator.errors import InvalidTransition
from async_emulator.queue.lifecycle import (
    Event,
    after,
    initial_webhook_status,
    next_status,
    next_webhook_status,
)
from async_inference.wire import RequestStatus, WebhookStatus
from tests.queued_request import START, request

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
    assert initial_webhook_status("") is WebhookStatus.NO_WEBHOOK_PROVIDED
    assert initial_webhook_status(None) is WebhookStatus.NO_WEBHOOK_PROVIDED


@pytest.mark.parametrize("status", [WebhookStatus.SUCCEEDED, WebhookStatus.FAILED, WebhookStatus.CANCELED])
@pytest.mark.parametrize("event", Event)
def test_a_delivery_that_is_over_does_not_change(status, event):
    assert next_webhook_status(status, event) is status


def test_the_input_is_kept_until_the_request_ends():
    queued = request("a")
    leased = after(queued, Event.LEASE, START)
    assert leased.model_input == queued.model_input is not None
    assert after(leased, Event.RELEASE, START).model_input == queued.model_input
    assert after(leased, Event.FAIL, START).model_input is None


def test_no_request_changes_at_a_time_without_a_timezone():
    with pytest.raises(TypeError, match="offset-naive"):
        after(request("a"), Event.LEASE, datetime(2026, 1, 1))  # noqa: DTZ001


def test_no_change_is_earlier_than_the_last_where_the_clock_is_set_back():
    leased = after(request("a"), Event.LEASE, START + timedelta(seconds=1))
    assert after(leased, Event.SUCCEED, START).status_at == leased.status_at
