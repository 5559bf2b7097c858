from collections.abc import Callable

import pytest

from async_inference.errors import (
    ConnectionFailed,
    NotFound,
    RateLimited,
    RequestFailed,
    ResultMissing,
    Unauthorized,
    WaitTimeout,
)
from async_inference.wait import LONGEST_PAUSE, STATUS_INTERVAL, VISIBILITY_GRACE, wait_for_result
from async_inference.wire import RequestStatus
from truss_outputs import MemoryStore, OutputReader, OutputWriter, StoreError

STATUS = "/async_request/r1"


class Clock:
    """A clock that only `sleep` moves, with actions that it runs at their time."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []
        self._events: list[tuple[float, Callable[[], object]]] = []

    def after(self, seconds: float, event: Callable[[], object]) -> None:
        self._events.append((self.now + seconds, event))

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        due = [event for event in self._events if event[0] <= self.now]
        self._events = [event for event in self._events if event not in due]
        for _, happen in due:
            happen()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def write(store):
    return lambda: OutputWriter(store).write({"answer": 42}, "r1")


@pytest.fixture
def wait(store, clock):
    def wait(client=None, *, timeout=600.0, on_status=None, reader=None):
        return wait_for_result(
            "r1",
            reader=reader or OutputReader(store),
            client=client,
            timeout=timeout,
            on_status=on_status,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
        )

    return wait


def test_a_result_that_is_there_needs_no_wait_and_no_service(api, client, wait, write, clock):
    write()
    assert wait(client).data == {"answer": 42}
    assert clock.pauses == []
    assert api.calls == []


def test_without_a_service_the_store_is_enough(wait, write, clock):
    clock.after(100, write)
    assert wait().data == {"answer": 42}


def test_a_result_is_found_whatever_the_status_says(api, client, wait, write, clock):
    api.has_status("r1", "FAILED")
    clock.after(0.01, write)
    assert wait(client).data == {"answer": 42}


def test_a_result_is_found_soon_and_looked_for_gently(api, client, wait, write, clock):
    api.has_status("r1", "IN_PROGRESS")
    clock.after(60, write)
    wait(client)
    assert clock.pauses[0] == 0.05
    assert clock.pauses == sorted(clock.pauses)
    assert max(clock.pauses) == LONGEST_PAUSE
    assert len(api.calls) <= 60 / STATUS_INTERVAL + 2


def test_each_status_is_told(api, client, wait, write, clock):
    api.has_status("r1", "QUEUED")
    api.has_status("r1", "IN_PROGRESS")
    clock.after(5, write)
    told = []
    wait(client, on_status=lambda status: told.append(status.status))
    assert told[:2] == [RequestStatus.QUEUED, RequestStatus.IN_PROGRESS]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("FAILED", "request r1 failed: MODEL_PREDICT_ERROR: it broke"),
        ("EXPIRED", "request r1 expired in the queue: MODEL_PREDICT_ERROR: it broke"),
        ("CANCELED", "request r1 was canceled: MODEL_PREDICT_ERROR: it broke"),
    ],
)
def test_a_request_that_failed_is_not_waited_for(api, client, wait, clock, status, says):
    api.has_status("r1", "IN_PROGRESS")
    errors = [{"code": "MODEL_PREDICT_ERROR", "message": "it broke"}]
    api.has_status("r1", status, errors=errors)
    with pytest.raises(RequestFailed) as failure:
        wait(client)
    assert str(failure.value) == says
    assert failure.value.status.status == status
    assert failure.value.status.errors[0].code == "MODEL_PREDICT_ERROR"
    assert clock.now - 1_000 < 5


@pytest.mark.parametrize("status", ["SUCCEEDED", "WEBHOOK_FAILED"])
def test_a_success_may_take_a_moment_to_be_seen(api, client, wait, write, clock, status):
    api.has_status("r1", status)
    clock.after(VISIBILITY_GRACE - 1, write)
    assert wait(client).data == {"answer": 42}
    assert len(api.calls) == 1


def test_a_success_that_nobody_stored_is_told(api, client, wait, clock):
    api.has_status("r1", "SUCCEEDED")
    with pytest.raises(ResultMissing, match="succeeded, but there is no result at memory:///r1/result"):
        wait(client)
    assert clock.now - 1_000 < VISIBILITY_GRACE + 5


def test_the_time_is_kept(api, client, wait, clock):
    api.has_status("r1", "IN_PROGRESS")
    with pytest.raises(
        WaitTimeout, match=r"no result of request r1 after 7 s \(last seen IN_PROGRESS\)"
    ) as end:
        wait(client, timeout=7)
    assert clock.now - 1_000 == pytest.approx(7)
    assert isinstance(end.value, TimeoutError)


def test_no_time_at_all_is_one_look(wait, write, clock):
    with pytest.raises(WaitTimeout, match="its status is not known"):
        wait(timeout=0)
    write()
    assert wait(timeout=0).data == {"answer": 42}
    assert clock.pauses == []


@pytest.mark.parametrize(("status_code", "kind"), [(401, Unauthorized), (404, NotFound)])
def test_a_service_that_refuses_ends_the_wait(api, client, wait, clock, status_code, kind):
    api.answer("GET", STATUS, status_code, {"error": "no"})
    with pytest.raises(kind):
        wait(client)
    assert clock.now - 1_000 < 1


@pytest.mark.parametrize("status_code", [429, 500, 503])
def test_a_service_in_trouble_is_outlived(api, client, wait, write, clock, status_code):
    api.answer("GET", STATUS, status_code, {"error": "later"})
    clock.after(30, write)
    assert wait(client).data == {"answer": 42}


def test_the_trouble_is_told_when_the_time_is_up(api, client, wait):
    api.answer("GET", STATUS, 429, {"error": "later"})
    with pytest.raises(WaitTimeout, match="answered 429: later") as end:
        wait(client, timeout=3)
    assert isinstance(end.value.__cause__, RateLimited)


def test_a_service_that_never_answered_ends_the_wait(api, client, wait):
    api.close()
    with pytest.raises(ConnectionFailed):
        wait(client)


def test_a_service_that_answered_once_may_be_away(api, client, wait, write, clock):
    api.has_status("r1", "QUEUED")
    clock.after(1, api.close)
    clock.after(30, write)
    assert wait(client).data == {"answer": 42}


def test_a_store_that_is_away_is_outlived_and_its_trouble_told(wait, clock):
    class Away(MemoryStore):
        def get(self, key: str) -> bytes:
            raise StoreError(self.url_of(key), "timed out", is_transient=clock.now < 1_050)

    with pytest.raises(WaitTimeout, match=r"memory:///r1/result\.json: timed out"):
        wait(reader=OutputReader(Away()), timeout=40)
    with pytest.raises(StoreError, match="timed out") as refusal:
        wait(reader=OutputReader(Away()), timeout=40)
    assert not refusal.value.is_transient
