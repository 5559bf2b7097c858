"""What is answered to whom calls too often."""

from datetime import timedelta

import pytest


@pytest.mark.closeness("429")
async def test_each_limit_is_answered_429_and_says_which_it_is(platform):
    platform.configure(rate_limits=True, status_calls_per_second=2, cancels_per_second=1)
    request_id = await platform.submit()
    answers = [await platform.http.get(f"/async_request/{request_id}") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json() == {
        "error": "Rate limit exceeded: async_request takes 2 calls a second. Please try again later.",
        "error_code": "rate_limited",
    }
    assert (await platform.http.delete(f"/async_request/{request_id}")).status_code == 200
    platform.clock.advance(1)
    assert (await platform.http.get(f"/async_request/{request_id}")).status_code == 200


async def test_a_clock_that_is_set_back_keeps_nobody_out(platform):
    platform.configure(rate_limits=True, queue_status_calls_per_second=2)
    answers = [await platform.http.get("/async_queue_status") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    platform.clock.set(platform.clock.now() - timedelta(minutes=10))
    assert (await platform.http.get("/async_queue_status")).status_code == 429
    platform.clock.advance(1)
    assert (await platform.http.get("/async_queue_status")).status_code == 200


async def test_a_submit_that_is_refused_queues_nothing(platform):
    platform.configure(rate_limits=True, submits_per_minute=1)
    platform.capacity.close_all()
    bodies = [
        await platform.http.post("/production/async_predict", json={"model_input": {}}) for _ in range(2)
    ]
    assert [answer.status_code for answer in bodies] == [201, 429]
    assert platform.queue.outstanding == 1


async def test_who_has_no_key_uses_up_nobodys_limit(platform):
    platform.configure(rate_limits=True, queue_status_calls_per_second=1)
    for _ in range(3):
        denied = await platform.http.get("/async_queue_status", headers={"Authorization": "Bearer wrong"})
        assert denied.status_code == 401
    assert (await platform.http.get("/async_queue_status")).status_code == 200


async def test_outstanding_requests_are_limited_until_one_ends(platform):
    platform.configure(rate_limits=True, outstanding_requests=2)
    platform.hold.clear()
    for _ in range(2):
        await platform.submit()
    refused = await platform.http.post("/production/async_predict", json={"model_input": {}})
    assert refused.status_code == 429
    assert "2 async requests may be QUEUED or IN_PROGRESS" in refused.json()["error"]
    platform.hold.set()
    await platform.settle()
    await platform.submit()


@pytest.mark.parametrize(("size", "status"), [(99, 201), (100, 413)])
async def test_the_largest_body_is_a_setting(platform, size, status):
    platform.configure(async_body_bytes=99)
    body = b'{"model_input": "%s"}' % (b"x" * (size - 19))
    assert len(body) == size
    assert (await platform.http.post("/production/async_predict", content=body)).status_code == status
