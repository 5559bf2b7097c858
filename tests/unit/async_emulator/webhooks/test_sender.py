import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from async_emulator.clock import ManualClock
from async_emulator.webhooks.delivery import Delivery, ReceiverAnswer
from async_emulator.webhooks.payload import Payload
from async_emulator.webhooks.sender import WebhookSender
from async_emulator.webhooks.signing_secrets import WebhookSecrets
from async_emulator.webhooks.waiting_outputs import WaitingOutputs
from async_inference.wire import AsyncPredictResult

URL = "https://example.com/hook"
OTHER_URL = "https://other.example.com/hook"


class Receiver:
    """Answers every attempt with `answer` once `may_answer` is set; an exception is raised."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.answer: ReceiverAnswer | OSError = ReceiverAnswer(status=200, body="")
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.bodies: list[bytes] = []
        self.deliveries: list[Delivery] = []
        self.sender = WebhookSender(clock=self.clock, connection=self, secrets=WebhookSecrets())
        self.sender.watch(self)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> ReceiverAnswer:
        self.bodies.append(body)
        if url == URL:
            await self.may_answer.wait()
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer

    def delivered(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)

    @property
    def posts(self) -> int:
        return len(self.bodies)

    def deliver(self, url: str = URL, output: bytes | None = b"{}") -> "asyncio.Task[bool]":
        payload = Payload(request_id="r", model_id="m", deployment_id="d", output=output)
        return asyncio.create_task(self.sender.deliver(url, payload))

    async def pass_time(self, seconds: float = 0.0) -> None:
        self.clock.advance(seconds)
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver()


async def test_the_second_attempt_is_two_seconds_after_the_first(receiver):
    receiver.answer = ReceiverAnswer(status=503, body="")
    delivering = receiver.deliver()
    await receiver.pass_time()
    await receiver.pass_time(1.9)
    assert receiver.posts == 1
    await receiver.pass_time(0.1)
    assert receiver.posts == 2
    assert not await delivering


async def test_an_attempt_ends_after_ten_seconds_without_an_answer(receiver):
    receiver.may_answer.clear()
    delivering = receiver.deliver()
    await receiver.pass_time()
    await receiver.pass_time(9.9)
    assert receiver.deliveries == []
    await receiver.pass_time(0.1)
    [attempt] = receiver.deliveries
    assert (attempt.problem, attempt.seconds) == ("no answer within 10 s", 10.0)
    receiver.may_answer.set()
    await receiver.pass_time(2)
    assert await delivering


async def test_an_error_without_a_message_is_named(receiver):
    receiver.answer = ConnectionResetError()
    delivering = receiver.deliver()
    await receiver.pass_time()
    await receiver.pass_time(2)
    assert not await delivering
    assert {attempt.problem for attempt in receiver.deliveries} == {"ConnectionResetError"}


def time_of(body: bytes) -> datetime:
    return AsyncPredictResult.model_validate_json(body).time


@pytest.mark.closeness("slow receiver")
async def test_a_slow_receiver_holds_up_only_its_own_deliveries(receiver):
    receiver.may_answer.clear()
    deliveries = [receiver.deliver() for _ in range(257)]
    await receiver.pass_time()
    assert receiver.posts == 128
    assert await receiver.deliver(OTHER_URL)
    receiver.may_answer.set()
    assert all(await asyncio.gather(*deliveries))
    assert receiver.posts == 258


@pytest.mark.closeness("webhook time")
async def test_the_time_is_when_the_first_delivery_begins_however_long_the_payload_has_waited(receiver):
    receiver.may_answer.clear()
    deliveries = [receiver.deliver() for _ in range(129)]
    await receiver.pass_time()
    queued_at = receiver.clock.now()
    await receiver.pass_time(9)
    receiver.answer = ReceiverAnswer(status=503, body="")
    receiver.may_answer.set()
    await receiver.pass_time()
    await receiver.pass_time(2)
    last, repeated = receiver.bodies[256], receiver.bodies[0]
    assert (time_of(repeated), time_of(last)) == (queued_at, queued_at + timedelta(seconds=11))
    await receiver.pass_time(2)
    assert receiver.bodies.count(last) == 2  # the second attempt sends the same bytes
    assert not any(await asyncio.gather(*deliveries))


async def test_payloads_that_wait_are_bounded_in_memory_and_erased_from_disk(receiver, tmp_path):
    outputs = WaitingOutputs(tmp_path, most_in_memory=100)
    receiver.sender = WebhookSender(
        clock=receiver.clock, connection=receiver, secrets=WebhookSecrets(), outputs=outputs
    )
    receiver.may_answer.clear()
    deliveries = [receiver.deliver(output=b'"%050d"' % each) for each in range(140)]
    deliveries.append(receiver.deliver(output=None))
    await receiver.pass_time()
    assert (outputs.bytes_in_memory, outputs.files) == (52, 1)
    receiver.may_answer.set()
    assert all(await asyncio.gather(*deliveries))
    assert (outputs.bytes_in_memory, outputs.files) == (0, 0)
    assert [b'"%050d"' % each in body for each, body in enumerate(receiver.bodies[:140])] == [True] * 140


class BrokenOutputs(WaitingOutputs):
    """Cannot read back what was written. See WaitingOutputs and WaitingOutput."""

    def put(self, output: bytes) -> "BrokenOutputs":
        return self

    def take(self) -> bytes:
        raise OSError("Input/output error")

    def drop(self) -> None: ...


async def test_an_output_that_the_disk_has_lost_is_a_failed_delivery(receiver, caplog):
    receiver.sender = WebhookSender(
        clock=receiver.clock, connection=receiver, secrets=WebhookSecrets(), outputs=BrokenOutputs()
    )
    assert not await receiver.deliver()
    assert receiver.posts == 0
    [record] = caplog.records
    assert record.getMessage() == "request r: its output, which waited on disk, is lost: Input/output error"


async def test_a_canceled_delivery_keeps_nothing(receiver, tmp_path):
    outputs = WaitingOutputs(tmp_path, most_in_memory=0)
    receiver.sender = WebhookSender(
        clock=receiver.clock, connection=receiver, secrets=WebhookSecrets(), outputs=outputs
    )
    receiver.may_answer.clear()
    deliveries = [receiver.deliver() for _ in range(200)]
    await receiver.pass_time()
    for delivery in deliveries:
        delivery.cancel()
    await asyncio.gather(*deliveries, return_exceptions=True)
    assert outputs.files == 0
    receiver.may_answer.set()
    assert await receiver.deliver()
