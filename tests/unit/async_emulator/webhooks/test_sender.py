import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from async_emulator.clock import ManualClock
from async_emulator.webhooks.delivery import Delivery, ReceiverAnswer
from async_emulator.webhooks.sender import WebhookSender
from async_emulator.webhooks.signing_secrets import WebhookSecrets
from async_inference.wire import AsyncPredictResult

URL = "https://example.com/hook"
RESULT = AsyncPredictResult(
    request_id="r", model_id="m", deployment_id="d", time=datetime(2026, 1, 1, tzinfo=UTC), data={}
)


class Receiver:
    """Answers every attempt with `answer` once `may_answer` is set; an exception is raised."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.answer: ReceiverAnswer | OSError = ReceiverAnswer(status=200, body="")
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.posts = 0
        self.deliveries: list[Delivery] = []
        self.sender = WebhookSender(clock=self.clock, connection=self, secrets=WebhookSecrets())
        self.sender.watch(self)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> ReceiverAnswer:
        self.posts += 1
        await self.may_answer.wait()
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer

    def delivered(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)

    def deliver(self) -> "asyncio.Task[bool]":
        return asyncio.create_task(self.sender.deliver(URL, RESULT))

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


async def test_slow_receivers_hold_up_further_deliveries_at_256(receiver):
    receiver.may_answer.clear()
    deliveries = [receiver.deliver() for _ in range(257)]
    await receiver.pass_time()
    assert receiver.posts == 256
    receiver.may_answer.set()
    assert all(await asyncio.gather(*deliveries))
    assert receiver.posts == 257
