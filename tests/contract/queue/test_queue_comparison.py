"""A machine that compares the durable queue with the one in memory."""

import contextlib
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings, strategies
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from async_emulator.errors import DataDirFailed, InvalidTransition, UnknownRequest
from async_emulator.queue.lifecycle import Event
from async_emulator.queue.memory import MemoryQueue
from async_emulator.queue.sqlite import SQLiteQueue
from async_inference.wire import RequestStatus
from tests.full_disk import full_disk
from tests.queued_request import HERE, START, request

SECOND = timedelta(seconds=1)


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

    def both(self, name: str, *arguments: object, **options: object) -> object:
        results = []
        for queue in (self.memory, self.sqlite):
            try:
                results.append(getattr(queue, name)(*arguments, **options))
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

    @rule(before_priority=strategies.sampled_from([None, 1, 2]))
    def lease(self, before_priority: int | None) -> None:
        self.both("lease", HERE, self.now, before_priority=before_priority)

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

    @rule(request_id=requests)
    def record_attempt(self, request_id: str) -> None:
        self.both("record_attempt", request_id)

    @rule(request_id=requests, event=strategies.sampled_from([Event.SUCCEED, Event.FAIL]))
    def finish_on_a_full_disk(self, request_id: str, event: Event) -> None:
        self.sqlite.commit()
        with full_disk():
            self.both("finish", request_id, event, self.now)
            with contextlib.suppress(DataDirFailed):
                self.sqlite.commit()
            self.both("get", request_id)
        self.sqlite.commit()

    @rule()
    def scrub(self) -> None:
        self.both("scrub")

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
        self.memory.recover(self.now)

    @invariant()
    def the_same_is_counted(self) -> None:
        self.both("next_deadline")
        assert self.memory.outstanding == self.sqlite.outstanding
        for status in (RequestStatus.QUEUED, RequestStatus.IN_PROGRESS):
            self.both("count", HERE, status)


TestQueueComparison = QueueComparison.TestCase
TestQueueComparison.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
