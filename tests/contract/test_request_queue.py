"""One suite for every queue, and a machine that compares the durable one with the one in memory."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings, strategies
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from async_emulator.errors import DataDirInUse, DataDirUnusable, InvalidTransition, UnknownRequest
from async_emulator.kind import Kind
from async_emulator.lifecycle import Event, initial_webhook_status
from async_emulator.queue import RETENTION, MemoryQueue, RequestQueue, after
from async_emulator.request import AsyncRequest
from async_emulator.sqlite_queue import SQLiteQueue
from async_inference.wire import AsyncRequestError, InferenceRetryConfig, RequestStatus, WebhookStatus

START = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HERE = "deployment"


def request(
    request_id: str,
    *,
    priority: int = 0,
    now: datetime = START,
    max_time_in_queue_seconds: int = 600,
    webhook_endpoint: str | None = None,
    deployment_id: str = HERE,
) -> AsyncRequest:
    return AsyncRequest(
        request_id=request_id,
        model_id="model",
        deployment_id=deployment_id,
        status=RequestStatus.QUEUED,
        webhook_status=initial_webhook_status(webhook_endpoint),
        created_at=now,
        status_at=now,
        queue_deadline=now + timedelta(seconds=max_time_in_queue_seconds),
        max_time_in_queue_seconds=max_time_in_queue_seconds,
        priority=priority,
        model_input=b'{"prompt": "\xc3\xa9"}',
        webhook_endpoint=webhook_endpoint,
        retry_config=InferenceRetryConfig(max_attempts=2),
    )


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


@pytest.mark.parametrize("call", ["get", "release", "cancel"])
def test_an_unknown_request_is_named(queue, call):
    arguments = ("nobody",) if call == "get" else ("nobody", START)
    with pytest.raises(UnknownRequest, match="'nobody'"):
        getattr(queue, call)(*arguments)


def test_a_request_without_a_timezone_is_refused():
    with pytest.raises(ValueError, match="timezone"):
        request("a", now=datetime(2026, 1, 1))  # noqa: DTZ001


def test_what_was_leased_is_queued_again_when_a_durable_queue_is_next_opened(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    for request_id in ("a", "b"):
        queue.enqueue(request(request_id))
    queue.lease(HERE, START)
    queue.close()
    queue = SQLiteQueue(tmp_path, START + SECOND)
    assert queue.count(HERE, RequestStatus.QUEUED) == 2
    leased = queue.lease(HERE, START)
    assert leased is not None
    assert leased.queue_deadline == START + 601 * SECOND  # it was served in time
    assert leased.request_id == "a"
    queue.close()


def test_what_was_committed_outlasts_the_process_and_the_rest_is_undone(tmp_path):
    queue = SQLiteQueue(tmp_path / "live", START)
    queue.enqueue(request("committed"))
    queue.commit()
    queue.enqueue(request("not committed"))
    shutil.copytree(tmp_path / "live", tmp_path / "after a crash")
    queue.close()
    survivor = SQLiteQueue(tmp_path / "after a crash", START)
    assert survivor.get("committed").status is RequestStatus.QUEUED
    with pytest.raises(UnknownRequest):
        survivor.get("not committed")
    survivor.close()


def test_a_full_disk_fails_the_commit_and_all_that_shares_it(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    queue.enqueue(request("before"))
    queue.commit()
    [pages] = queue._connection.execute("PRAGMA page_count").fetchone()
    queue._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        for number in range(100):
            queue.enqueue(request(f"r{number}"))
    with pytest.raises(sqlite3.OperationalError, match="full"):
        queue.commit()
    assert queue.count(HERE, RequestStatus.QUEUED) == 1
    queue._connection.execute("PRAGMA max_page_count = 100000")
    queue.enqueue(request("after"))
    queue.commit()
    assert [queue.lease(HERE, START).request_id for _ in range(2)] == ["before", "after"]  # type: ignore[union-attr]
    queue.close()


def test_a_file_from_before_chains_is_opened(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    queue.enqueue(request("a"))
    queue.commit()
    queue._connection.execute("ALTER TABLE requests DROP COLUMN kind")
    queue.close()
    queue = SQLiteQueue(tmp_path, START)
    assert queue.get("a").kind is Kind.MODEL
    queue.close()


def test_a_data_directory_has_one_user(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    with pytest.raises(DataDirInUse, match=str(tmp_path)):
        SQLiteQueue(tmp_path, START)
    queue.close()


def test_an_erased_input_is_gone_from_the_disk(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    queue.enqueue(request("a"))
    queue.lease(HERE, START)
    queue.finish("a", Event.SUCCEED, START)
    queue.close()
    assert not any(b"prompt" in file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.parametrize("is_folder_a_file", [False, True])
def test_a_place_that_cannot_hold_a_queue_is_named(tmp_path, is_folder_a_file):
    data_dir = tmp_path / "data"
    if is_folder_a_file:
        data_dir.write_text("a file")
    else:
        data_dir.mkdir()
        (data_dir / "queue.sqlite3").write_bytes(b"not a database" * 100)
    with pytest.raises(DataDirUnusable, match=f"{data_dir} cannot hold the queue"):
        SQLiteQueue(data_dir, START)


class QueueComparison(RuleBasedStateMachine):
    """Every sequence of calls has the same effect on both queues, and a restart of the durable one none."""

    requests = Bundle("requests")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = START
        self.ids: list[str] = []
        self.memory = MemoryQueue()
        self.sqlite = SQLiteQueue(Path(self.folder.name), self.now)

    def teardown(self) -> None:
        self.sqlite.close()
        self.folder.cleanup()

    def both(self, name: str, *arguments: object) -> object:
        results = []
        for queue in (self.memory, self.sqlite):
            try:
                results.append(getattr(queue, name)(*arguments))
            except (InvalidTransition, UnknownRequest) as error:
                results.append(str(error))
        assert results[0] == results[1]
        return results[0]

    @rule(target=requests, priority=strategies.integers(0, 2), seconds=strategies.integers(10, 100))
    def enqueue(self, priority: int, seconds: int) -> str:
        request_id = f"r{len(self.ids)}"
        self.ids.append(request_id)
        put = request(request_id, priority=priority, now=self.now, max_time_in_queue_seconds=seconds)
        self.both("enqueue", put)
        return request_id

    @rule()
    def lease(self) -> None:
        self.both("lease", HERE, self.now)

    @rule(request_id=requests)
    def release(self, request_id: str) -> None:
        self.both("release", request_id, self.now)

    @rule(request_id=requests)
    def cancel(self, request_id: str) -> None:
        self.both("cancel", request_id, self.now)

    @rule(request_id=requests, event=strategies.sampled_from(Event))
    def finish(self, request_id: str, event: Event) -> None:
        if event not in (Event.LEASE, Event.RELEASE, Event.RECOVER, Event.CANCEL, Event.EXPIRE):
            self.both("finish", request_id, event, self.now)

    @rule(seconds=strategies.sampled_from([1, 30, 3_600]))
    def advance(self, seconds: int) -> None:
        self.now += seconds * SECOND
        self.both("expire_due", self.now)
        self.both("forget_ended", self.now)

    @rule(request_id=consumes(requests))
    def look(self, request_id: str) -> None:
        self.both("get", request_id)

    @rule(status=strategies.sampled_from([None, *RequestStatus]))
    def list_newest(self, status: RequestStatus | None) -> None:
        self.both("newest", status, 3)

    @rule()
    def restart(self) -> None:
        self.sqlite.close()
        self.sqlite = SQLiteQueue(Path(self.folder.name), self.now)
        for request_id in self.ids:
            try:
                self.memory._put(after(self.memory._find(request_id), Event.RECOVER, self.now))
            except (InvalidTransition, UnknownRequest):
                continue

    @invariant()
    def the_same_is_counted(self) -> None:
        self.both("next_deadline")
        assert self.memory.outstanding == self.sqlite.outstanding
        for status in (RequestStatus.QUEUED, RequestStatus.IN_PROGRESS):
            self.both("count", HERE, status)


TestQueueComparison = QueueComparison.TestCase
TestQueueComparison.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
