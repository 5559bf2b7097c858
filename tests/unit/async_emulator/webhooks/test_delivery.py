from datetime import UTC, datetime
from typing import Any

import pytest

from async_emulator.webhooks.delivery import Delivery, DeliveryLog, ReceiverAnswer


def delivery(body: bytes = b"", *, status: int | None = None, **fields: Any) -> Delivery:
    return Delivery(
        request_id="r",
        model_id="m",
        deployment_id="d",
        webhook_endpoint="https://example.com/",
        attempt=1,
        sent_at=datetime(2026, 1, 1, tzinfo=UTC),
        seconds=0.1,
        headers={},
        body=body,
        answer=None if status is None else ReceiverAnswer(status=status, body=""),
        **fields,
    )


@pytest.mark.parametrize(
    ("status", "is_accepted"), [(None, False), (199, False), (200, True), (299, True), (300, False)]
)
def test_any_2xx_is_acceptance(status, is_accepted):
    assert delivery(status=status).is_accepted is is_accepted


def test_a_refused_address_is_not_tried_again_and_silence_is():
    assert delivery().may_be_repeated
    assert not delivery(is_refused=True).may_be_repeated


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_these_server_errors_may_be_repeated(status):
    assert delivery(status=status).may_be_repeated


@pytest.mark.parametrize("status", [200, 301, 400, 429, 499, 501, 505, 507])
def test_no_other_answer_is_repeated(status):
    assert not delivery(status=status).may_be_repeated


def test_the_log_keeps_a_thousand_attempts_and_32_mib():
    log = DeliveryLog()
    for number in range(1_001):
        log.delivered(delivery(str(number).encode()))
    assert [len(log.all()), log.all()[0].body] == [1_000, b"1"]
    log.clear()
    log.delivered(delivery(b"x" * 2**25))
    assert len(log.all()) == 1
    log.delivered(delivery(b"x"))
    assert [each.body for each in log.all()] == [b"x"]


def test_the_log_forgets_the_oldest():
    log = DeliveryLog(most=2)
    for body in (b"a", b"b", b"c"):
        log.delivered(delivery(body))
    assert [each.body for each in log.all()] == [b"b", b"c"]


def test_the_log_holds_no_more_bytes_than_it_may():
    log = DeliveryLog(most_bytes=10)
    for body in (b"a" * 6, b"b" * 4, b"c" * 5):
        log.delivered(delivery(body))
    assert [each.body for each in log.all()] == [b"bbbb", b"ccccc"]
    log.delivered(delivery(b"d" * 11))
    assert log.all() == []
    log.delivered(delivery(b"e" * 10))
    assert len(log.all()) == 1
    log.clear()
    assert log.all() == []
    log.delivered(delivery(b"f" * 10))
    assert len(log.all()) == 1


def test_an_empty_log_has_room_for_its_limit_and_no_more():
    log = DeliveryLog(most_bytes=10)
    log.delivered(delivery(b"x" * 11))
    assert log.all() == []
    log.clear()
    log.delivered(delivery(b"x" * 11))
    assert log.all() == []
