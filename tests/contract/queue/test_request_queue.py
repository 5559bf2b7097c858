"""One suite for every queue."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from async_emulator.errors import InvalidTransition, UnknownRequest
from async_emulator.queue.lifecycle import Event
from async_emulator.queue.memory import MemoryQueue
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_queue import RETENTION, RequestQueue
from async_emulator.queue.sqlite import SQLiteQueue
from async_inference.codes import Kind
from async_inference.wire import AsyncRequestError, RequestStatus, WebhookStatus
from tests.queued_request import HERE, START, request

SECOND = timedelta(seconds=1)
BROKEN = (AsyncRequestError(code="MODEL_PREDICT_ERROR", message="no"),)


@pytest.fixture(params=["memory", "sqlite"])
def queue(request, tmp_path: Path) -> Iterator[RequestQueue]:
    opened: RequestQueue = MemoryQueue() if request.param == "memory" else SQLiteQueue(tmp_path, START)
    yield opened
    opened.close()


def test_what_goes_in_comes_out(queue):
    put = request("a", priority=2, webhook_endpoint="https://example.com/hook")
    put = replace(put, kind=Kind.CHAIN)
    queue.enqueue(put)
    assert queue.get("a") == replace(put, model_input=None)


def test_the_order_is_priority_and_then_age(queue):
    for request_id, priority in (("low", 2), ("old", 1), ("young", 1), ("high", 0)):
        queue.enqueue(request(request_id, priority=priority))
    leased = [queue.lease(HERE, START).request_id for _ in range(4)]
    assert leased == ["high", "old", "young", "low"]
    assert queue.lease(HERE, START) is None


def test_a_leased_request_has_its_input_and_is_nobody_elses(queue):
    queue.enqueue(request("a"))
    leased = queue.lease(HERE, START + SECOND)
    assert leased.status is RequestStatus.IN_PROGRESS
    assert leased.status_at == START + SECOND
    assert leased.model_input == b'{"prompt": "\xc3\xa9"}'
    assert queue.get("a") == replace(leased, model_input=None)
    assert queue.lease(HERE, START) is None


def test_only_the_deployments_own_requests_are_leased(queue):
    queue.enqueue(request("a", deployment_id="other"))
    assert queue.lease(HERE, START) is None
    assert queue.lease("other", START).request_id == "a"


def test_a_released_request_is_next_again_with_its_old_deadline(queue):
    for request_id in ("a", "b"):
        queue.enqueue(request(request_id))
    queue.lease(HERE, START)
    queue.release("a", START + 500 * SECOND)
    assert queue.get("a").queue_deadline == START + 600 * SECOND
    assert queue.lease(HERE, START).request_id == "a"


def test_a_finished_request_keeps_its_errors(queue):
    queue.enqueue(request("a", webhook_endpoint="https://example.com/hook"))
    queue.lease(HERE, START)
    errors = [AsyncRequestError(code="MODEL_PREDICT_ERROR", message="no “luck”")]
    queue.finish("a", Event.FAIL_UNDELIVERED, START + SECOND, errors)
    ended = queue.get("a")
    assert ended.status is RequestStatus.FAILED
    assert ended.webhook_status is WebhookStatus.FAILED
    assert ended.status_at == START + SECOND
    assert ended.errors == tuple(errors)


def test_a_lease_before_a_priority_takes_only_what_is_more_urgent(queue):
    for request_id, priority in (("low", 2), ("old", 1), ("high", 0)):
        queue.enqueue(request(request_id, priority=priority))
    assert queue.lease(HERE, START, before_priority=1).request_id == "high"
    assert queue.lease(HERE, START, before_priority=1) is None
    assert queue.lease(HERE, START, before_priority=2).request_id == "old"


def test_attempts_are_counted_through_release_and_end(queue):
    queue.enqueue(request("a"))
    with pytest.raises(InvalidTransition):
        queue.record_attempt("a")
    leased = queue.lease(HERE, START)
    changed = queue.record_attempt("a")
    assert changed == replace(leased, attempts=1)
    assert queue.get("a") == replace(changed, model_input=None)
    queue.release("a", START)
    assert queue.lease(HERE, START).attempts == 1
    assert queue.record_attempt("a", BROKEN).errors == BROKEN
    queue.finish("a", Event.FAIL, START, BROKEN)
    assert (queue.get("a").attempts, queue.get("a").errors) == (2, BROKEN)
    with pytest.raises(InvalidTransition):
        queue.record_attempt("a")


def test_errors_are_shown_to_callers_only_at_the_end(queue):
    queue.enqueue(request("a"))
    queue.lease(HERE, START)
    assert queue.record_attempt("a", BROKEN).public_status.errors == []
    queue.finish("a", Event.FAIL, START, BROKEN)
    assert queue.get("a").public_status.errors == list(BROKEN)


def test_only_a_queued_request_can_be_canceled(queue):
    queue.enqueue(request("a"))
    queue.enqueue(request("b"))
    queue.lease(HERE, START)
    with pytest.raises(InvalidTransition):
        queue.cancel("a", START)
    queue.cancel("b", START)
    assert queue.get("b").status is RequestStatus.CANCELED
    assert queue.lease(HERE, START) is None


def test_an_ended_request_cannot_end_again(queue):
    queue.enqueue(request("a"))
    queue.lease(HERE, START)
    queue.finish("a", Event.SUCCEED, START)
    with pytest.raises(InvalidTransition):
        queue.finish("a", Event.FAIL, START)
    assert queue.get("a").status is RequestStatus.SUCCEEDED


def test_requests_expire_at_their_deadline_and_are_not_leased_after_it(queue):
    queue.enqueue(request("short", max_time_in_queue_seconds=10))
    queue.enqueue(request("long", max_time_in_queue_seconds=259_200))
    assert queue.next_deadline() == START + 10 * SECOND
    assert queue.expire_due(START + 9 * SECOND) == 0
    assert queue.lease(HERE, START + 10 * SECOND).request_id == "long"
    assert queue.expire_due(START + 10 * SECOND) == 1
    assert queue.get("short").status is RequestStatus.EXPIRED
    assert queue.next_deadline() is None


def test_the_waiting_and_the_running_are_counted(queue):
    for request_id in ("a", "b", "c"):
        queue.enqueue(request(request_id))
    queue.lease(HERE, START)
    queue.cancel("b", START)
    assert queue.count(HERE, RequestStatus.QUEUED) == 1
    assert queue.count(HERE, RequestStatus.IN_PROGRESS) == 1
    assert queue.count("other", RequestStatus.QUEUED) == 0
    queue.enqueue(request("d", deployment_id="other"))
    assert queue.outstanding == 3


def test_the_newest_are_listed_first_without_their_inputs(queue):
    for request_id in ("a", "b", "c"):
        queue.enqueue(request(request_id))
    queue.lease(HERE, START)
    assert [each.request_id for each in queue.newest(None, 2)] == ["c", "b"]
    assert [each.request_id for each in queue.newest(RequestStatus.IN_PROGRESS, 9)] == ["a"]
    assert {each.model_input for each in queue.newest(None, 9)} == {None}


def test_all_but_the_running_can_be_dropped(queue):
    for request_id in ("a", "b", "c"):
        queue.enqueue(request(request_id))
    queue.lease(HERE, START)
    queue.cancel("b", START)
    assert queue.clear() == 2
    assert [each.request_id for each in queue.newest(None, 9)] == ["a"]
    assert queue.outstanding == 1
    assert queue.lease(HERE, START) is None
    queue.finish("a", Event.SUCCEED, START)
    queue.enqueue(request("d"))
    assert queue.lease(HERE, START).request_id == "d"


def test_an_ended_request_is_forgotten_after_an_hour(queue):
    queue.enqueue(request("ended"))
    queue.enqueue(request("waiting"))
    queue.lease(HERE, START)
    queue.finish("ended", Event.SUCCEED, START)
    queue.forget_ended(START + RETENTION - SECOND)
    assert queue.get("ended").status is RequestStatus.SUCCEEDED
    queue.forget_ended(START + RETENTION)
    with pytest.raises(UnknownRequest, match="'ended'"):
        queue.get("ended")
    assert queue.get("waiting").status is RequestStatus.QUEUED


@pytest.mark.parametrize("call", ["get", "release", "cancel", "record_attempt"])
def test_an_unknown_request_is_named(queue, call):
    arguments = ("nobody",) if call in ("get", "record_attempt") else ("nobody", START)
    with pytest.raises(UnknownRequest, match="'nobody'"):
        getattr(queue, call)(*arguments)


def test_a_request_without_a_timezone_is_refused():
    with pytest.raises(ValueError, match="timezone"):
        request("a", now=datetime(2026, 1, 1))  # noqa: DTZ001


class Observer:
    """A committer that never commits, and a watcher."""

    def __init__(self) -> None:
        self.began = 0
        self.seen: list[tuple[str | None, str]] = []

    def changes_began(self) -> None:
        self.began += 1

    def status_changed(self, before: AsyncRequest | None, after: AsyncRequest) -> None:
        self.seen.append((before.status.value if before else None, after.status.value))


def test_a_committer_is_called_at_the_first_change_after_each_commit(queue):
    observer = Observer()
    queue.commit()
    queue.commit_by(observer)
    assert observer.began == 0
    for request_id in ("a", "b"):
        queue.enqueue(request(request_id))
    assert observer.began == 1
    queue.commit()
    assert queue.get("a").status is RequestStatus.QUEUED
    assert observer.began == 1
    for began, change in enumerate((lambda: queue.cancel("a", START), queue.clear), start=2):
        change()
        assert observer.began == began
        queue.commit()


def test_a_watcher_sees_every_change_of_a_status(queue):
    observer = Observer()
    queue.enqueue(request("unseen"))
    queue.watch(observer)
    queue.enqueue(request("a"))
    queue.cancel("unseen", START)
    queue.lease(HERE, START)
    queue.release("a", START)
    queue.lease(HERE, START)
    queue.finish("a", Event.FAIL, START)
    queue.enqueue(request("b", max_time_in_queue_seconds=10))
    queue.expire_due(START + 10 * SECOND)
    assert observer.seen == [
        (None, "QUEUED"),
        ("QUEUED", "CANCELED"),
        ("QUEUED", "IN_PROGRESS"),
        ("IN_PROGRESS", "QUEUED"),
        ("QUEUED", "IN_PROGRESS"),
        ("IN_PROGRESS", "FAILED"),
        (None, "QUEUED"),
        ("QUEUED", "EXPIRED"),
    ]
