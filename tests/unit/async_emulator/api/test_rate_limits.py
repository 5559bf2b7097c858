from datetime import timedelta

import pytest
from hypothesis import given, strategies

from async_emulator.api.errors import CallRefused
from async_emulator.api.operations import (
    ASYNC_PREDICT,
    ASYNC_RUN_REMOTE,
    CANCEL,
    PREDICT,
    QUEUE_STATUS,
    STATUS,
)
from async_emulator.api.rate_limits import RateLimit, RateLimits
from async_emulator.settings.api import ApiSettings

NOW = 1_000.0
SECOND = timedelta(seconds=1)


@given(
    limit=strategies.integers(1, 5),
    steps=strategies.lists(strategies.integers(0, 6).map(lambda quarters: quarters / 4)),
)
def test_no_second_has_more_than_the_limit_and_nothing_is_refused_below_it(limit, steps):
    rate_limit, now = RateLimit(limit, SECOND), NOW
    admitted: list[float] = []
    for step in steps:
        now += step
        within = [time for time in admitted if now - time < 1]
        is_admitted = rate_limit.admit(now)
        assert is_admitted == (len(within) < limit)
        if is_admitted:
            admitted.append(now)


@pytest.mark.parametrize(
    ("operation", "limit", "words"),
    [
        (ASYNC_PREDICT, 12_000, "async_predict takes 12000 calls a minute"),
        (STATUS, 20, "async_request takes 20 calls a second"),
        (CANCEL, 20, "async_request takes 20 calls a second"),
        (QUEUE_STATUS, 20, "async_queue_status takes 20 calls a second"),
    ],
)
def test_the_platforms_limits_hold_by_default(operation, limit, words):
    limits = RateLimits(ApiSettings())
    for _ in range(limit):
        limits.check(operation, NOW)
    with pytest.raises(CallRefused, match=words) as refused:
        limits.check(operation, NOW)
    assert (refused.value.status, refused.value.error_code) == (429, "rate_limited")


def test_submits_to_models_and_to_chains_count_together_and_predictions_not_at_all():
    limits = RateLimits(ApiSettings(submits_per_minute=2))
    limits.check(ASYNC_PREDICT, NOW)
    limits.check(ASYNC_RUN_REMOTE, NOW)
    for operation in (ASYNC_PREDICT, ASYNC_RUN_REMOTE):
        with pytest.raises(CallRefused):
            limits.check(operation, NOW)
    for _ in range(50):
        limits.check(PREDICT, NOW)
    limits.check(ASYNC_PREDICT, NOW + 60)


@pytest.mark.parametrize(
    "settings",
    [ApiSettings(status_calls_per_second=0, outstanding_requests=0), ApiSettings(rate_limits=False)],
)
def test_a_limit_can_be_lifted(settings):
    limits = RateLimits(settings)
    for _ in range(100):
        limits.check(STATUS, NOW)
    limits.check_outstanding(1_000_000)


def test_so_many_requests_may_be_outstanding():
    limits = RateLimits(ApiSettings())
    limits.check_outstanding(49_999)
    with pytest.raises(CallRefused, match="50000 async requests may be QUEUED or IN_PROGRESS"):
        limits.check_outstanding(50_000)
