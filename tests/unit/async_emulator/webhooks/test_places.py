import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings, strategies

from async_emulator.webhooks.places import DeliveryPlaces, receiver_of


class Deliveries:
    """Deliveries that last until `end`."""

    def __init__(self, **limits: int) -> None:
        self.places = DeliveryPlaces(**limits)
        self.under_way: list[tuple[str, asyncio.Event]] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def begin(self, receiver: str, *sizes: int) -> None:
        self.tasks += [asyncio.create_task(self._deliver(receiver, size)) for size in sizes]
        await self.settle()

    async def end(self, receiver: str) -> None:
        index = next(index for index, (name, _) in enumerate(self.under_way) if name == receiver)
        self.under_way.pop(index)[1].set()
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    @property
    def counts(self) -> Counter[str]:
        return Counter(name for name, _ in self.under_way)

    async def _deliver(self, receiver: str, size: int) -> None:
        async with self.places.place(receiver, size):
            end = asyncio.Event()
            self.under_way.append((receiver, end))
            await end.wait()


async def test_a_receiver_holds_at_most_as_much_as_is_free_for_the_others():
    deliveries = Deliveries(places=8)
    await deliveries.begin("a", *[0] * 9)
    assert deliveries.counts == {"a": 4}
    await deliveries.begin("b", *[0] * 9)
    assert deliveries.counts == {"a": 4, "b": 2}
    await deliveries.begin("c", *[0] * 9)
    assert deliveries.counts == {"a": 4, "b": 2, "c": 1}
    await deliveries.end("a")
    assert deliveries.counts == {"a": 3, "b": 2, "c": 2}


async def test_bytes_are_shared_in_the_same_way_and_the_first_of_a_receiver_is_free():
    deliveries = Deliveries(most_bytes=100)
    await deliveries.begin("a", *[10] * 9)
    assert deliveries.counts == {"a": 6}
    await deliveries.begin("b", 5_000, 10)
    assert deliveries.counts == {"a": 6, "b": 2}
    for _ in range(3):
        await deliveries.end("a")
    assert deliveries.counts == {"a": 4, "b": 2}  # the third one made room for the next


async def test_a_small_delivery_does_not_overtake_a_large_one_of_its_receiver():
    deliveries = Deliveries(most_bytes=100)
    await deliveries.begin("a", 40, 40, 40, 1)
    assert deliveries.counts == {"a": 2}
    await deliveries.end("a")
    await deliveries.end("a")
    assert deliveries.counts == {"a": 2}


async def test_a_delivery_that_is_canceled_leaves_its_place_to_the_next():
    deliveries = Deliveries(places=2)
    await deliveries.begin("a", 0, 0, 0)
    first, second, _ = deliveries.tasks
    second.cancel()
    await deliveries.settle()
    assert deliveries.counts == {"a": 1}
    await deliveries.end("a")
    assert deliveries.counts == {"a": 1}
    assert first.done()


async def test_a_place_that_comes_at_the_moment_of_the_cancellation_is_given_back():
    deliveries = Deliveries(places=2)
    await deliveries.begin("a", 0, 0, 0)
    deliveries.under_way.pop()[1].set()
    await asyncio.sleep(0)
    deliveries.tasks[1].cancel()
    await deliveries.settle()
    assert deliveries.counts == {"a": 1}


STEPS = strategies.lists(
    strategies.tuples(strategies.sampled_from("abcdef"), strategies.integers(0, 60) | strategies.none()),
    max_size=60,
)


@settings(deadline=None)
@given(steps=STEPS)
def test_the_limits_hold_and_nothing_waits_for_ever(steps):
    async def run() -> None:
        deliveries = Deliveries(places=4, most_bytes=100)
        for receiver, size in steps:
            if size is not None:
                await deliveries.begin(receiver, size)
            elif deliveries.counts[receiver]:
                await deliveries.end(receiver)
            assert deliveries.counts.total() <= 4
        while deliveries.under_way:
            await deliveries.end(deliveries.under_way[0][0])
        assert all(task.done() for task in deliveries.tasks)
        await deliveries.begin("next", 60, 50)
        assert deliveries.counts == {"next": 2}  # all places and bytes are free again

    asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "receiver"),
    [
        ("https://a.example/x?y", "https://a.example"),
        ("https://u:p@A.example:443/z", "https://a.example"),
        ("https://a.example:8443/z", "https://a.example:8443"),
        ("http://127.0.0.1:1/hook", "http://127.0.0.1:1"),
    ],
)
def test_a_receiver_is_a_scheme_a_host_and_a_port(url, receiver):
    assert receiver_of(url) == receiver
