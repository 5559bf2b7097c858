"""The whole emulator over HTTP, against a model of the lifecycle that fits on a page.

Dispatch is paused but for the rule that runs what is queued, so that every status is known in advance.
"""

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from async_emulator import EmulatorProcess
from tests.acceptance.conftest import Caller, write_truss
from tests.acceptance.webhook_receiver import WebhookReceiver, webhook_receiver

pytestmark = [pytest.mark.prove, pytest.mark.timeout(900)]

MODEL = "class Model:\n    def predict(self, model_input):\n        return model_input\n"
HOUR = 3_600
# Sums of these steps are whole hundreds of seconds: the little time that really passes decides nothing.
STEPS = strategies.sampled_from([700, 2_300, 4_000])
QUEUE_SECONDS = strategies.sampled_from([1_000, 5_000, 10_000])


@dataclass
class Expected:
    """What a request should be; times are seconds that the clock was advanced by."""

    number: int
    priority: int
    webhook: str | None
    deadline: int
    status: str = "QUEUED"
    webhook_status: str = "NO_WEBHOOK_PROVIDED"
    ended_at: int = 0

    def end(self, status: str, webhook_status: str, now: int) -> None:
        self.status, self.ended_at = status, now
        if self.webhook is not None:
            self.webhook_status = webhook_status


class Server:
    """An emulator that can be killed and started again with the same data."""

    def __init__(self, folder: Path, receiver: WebhookReceiver) -> None:
        self.truss = write_truss(folder / "truss", MODEL)
        self.data = folder / "data"
        self.receiver = receiver
        self.advanced = 0
        self.start()

    def start(self) -> None:
        options = ("--no-rate-limits", "--control", "--data-dir", self.data)
        self.emulator = EmulatorProcess(self.truss, *options)
        self.caller = Caller(self.emulator)
        self.control = self.emulator.control
        self.control.pause()
        self.control.advance(self.advanced)
        self.emulator.wait_until_ready()

    def kill(self) -> None:
        self.caller.http.close()
        self.emulator.kill()

    def advance(self, seconds: int) -> None:
        self.control.advance(seconds)
        self.advanced += seconds

    def until_none_waits(self) -> None:
        deadline = time.monotonic() + 30
        while self.control.requests("QUEUED", 1) or self.control.requests("IN_PROGRESS", 1):
            assert time.monotonic() < deadline, self.emulator.output
            time.sleep(0.01)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with webhook_receiver() as receiver:
        server = Server(tmp_path_factory.mktemp("lifecycle"), receiver)
        yield server
        server.kill()


class Lifecycle(RuleBasedStateMachine):
    """Everything that callers and accidents do to requests."""

    server: Server

    def __init__(self) -> None:
        super().__init__()
        self.server.control.clear_requests()
        self.server.control.clear_faults()
        self.numbers = itertools.count()
        self.expected: dict[str, Expected] = {}
        self.faults = 0

    @property
    def queued(self) -> list[Expected]:
        waiting = [each for each in self.expected.values() if each.status == "QUEUED"]
        return sorted(waiting, key=lambda each: (each.priority, each.number))

    def any_id(self, data: strategies.DataObject) -> str:
        return data.draw(strategies.sampled_from(sorted(self.expected)))

    @rule(
        priority=strategies.integers(0, 2),
        seconds=QUEUE_SECONDS,
        webhook=strategies.sampled_from([None, "accepted", "refused"]),
    )
    def submit(self, priority: int, seconds: int, webhook: str | None) -> None:
        url = f"{self.server.receiver.url}/{webhook}" if webhook else None
        request_id = self.server.caller.submit(
            {},
            priority=priority,
            max_time_in_queue_seconds=seconds,
            webhook_endpoint=url,
            inference_retry_config={"max_attempts": 1},
        )
        deadline = self.server.advanced + seconds
        self.expected[request_id] = Expected(next(self.numbers), priority, webhook, deadline)
        if webhook:
            self.expected[request_id].webhook_status = "PENDING"

    @precondition(lambda self: self.expected)
    @rule(data=strategies.data())
    def cancel(self, data: strategies.DataObject) -> None:
        request_id = self.any_id(data)
        expected = self.expected[request_id]
        answer = self.server.caller.http.delete(f"/async_request/{request_id}")
        if self.is_forgotten(expected):
            assert answer.status_code == 404
            return
        assert answer.json()["canceled"] is (expected.status == "QUEUED")
        if expected.status == "QUEUED":
            expected.end("CANCELED", "CANCELED", self.server.advanced)

    @rule(seconds=STEPS)
    def advance(self, seconds: int) -> None:
        self.server.advance(seconds)
        for expected in self.queued:
            if expected.deadline <= self.server.advanced:
                expected.end("EXPIRED", "CANCELED", self.server.advanced)
        # The emulator notices by itself, a moment later; a restart and a look must find the same.
        self.look_at_all()

    @rule(number=strategies.integers(1, 3))
    def make_the_next_predictions_fail(self, number: int) -> None:
        self.server.control.fault_predictions(number, status=500)
        self.faults += number

    @rule()
    def run_all(self) -> None:
        order = self.queued
        self.server.control.resume()
        self.server.until_none_waits()
        self.server.control.pause()
        for expected in order:
            is_accepted = expected.webhook == "accepted"
            if self.faults:
                self.faults -= 1
                expected.end("FAILED", "SUCCEEDED" if is_accepted else "FAILED", self.server.advanced)
            elif expected.webhook in (None, "accepted"):
                expected.end("SUCCEEDED", "SUCCEEDED", self.server.advanced)
            else:
                expected.end("WEBHOOK_FAILED", "FAILED", self.server.advanced)
        self.look_at_all()

    @rule()
    def kill_the_replica(self) -> None:
        lines = len(self.server.emulator.lines)
        self.server.control.kill_replica()
        deadline = time.monotonic() + 30
        while not any("is ready after" in line for line in self.server.emulator.lines[lines:]):
            assert time.monotonic() < deadline, self.server.emulator.output
            time.sleep(0.01)

    @rule()
    def kill_the_emulator(self) -> None:
        self.server.kill()
        self.server.start()
        self.faults = 0
        self.look_at_all()

    def is_forgotten(self, expected: Expected) -> bool:
        return expected.status != "QUEUED" and expected.ended_at + HOUR <= self.server.advanced

    def look_at_all(self) -> None:
        for request_id, expected in self.expected.items():
            if self.is_forgotten(expected):
                assert self.server.caller.http.get(f"/async_request/{request_id}").status_code == 404
                continue
            found = self.server.caller.wait(request_id, expected.status)
            assert found["webhook_status"] == expected.webhook_status
        counts = self.server.caller.http.get("/async_queue_status").json()
        assert counts["num_queued_requests"] == len(self.queued)
        assert counts["num_in_progress_requests"] == 0


def test_every_request_is_what_it_should_be(server):
    machine = type("LifecycleOfServer", (Lifecycle,), {"server": server})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
