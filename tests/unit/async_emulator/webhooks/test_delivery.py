from datetime import UTC, datetime

import pytest

from async_emulator.webhooks.delivery import Delivery, DeliveryLog, ReceiverAnswer


def delivery(body: bytes = b"", *, status: int | None = None, is_refused: bool = False) -> Delivery:
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
        is_refused=is_refused,
    )


@pytest.mark.parametrize(
    ("status", "is_accepted"), [(None, False), (199, False), (200, True), (299, True), (300, False)]
)
def test_any_2xx_is_acceptance(status, is_accepted):
    assert delivery(status=status).is_accepted is is_accepted


def test_a_refused_address_is_not_tried_again_and_silence_is():
    assert delivery().may_be_repeated
    assert not delivery(is_refused=True).may_be_repeated


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
