import pytest

from tests.unit.truss_outputs.faulty_store import Clock
from truss_outputs import StoreError


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_pauses_double_up_to_two_seconds_and_end_within_twenty(clock: Clock) -> None:
    tries = list(clock.backoff().tries())
    assert clock.slept[:6] == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0]
    assert set(clock.slept[6:]) == {2.0}
    assert 18 < clock.now <= 20
    assert tries == list(range(1, len(clock.slept) + 2))


def test_each_pause_is_drawn(clock: Clock) -> None:
    next(iterator := clock.backoff(draw=0.5).tries())
    next(iterator)
    assert clock.slept == [0.05]


def test_a_slow_operation_ends_the_budget_too(clock: Clock) -> None:
    tries = 0
    for _ in clock.backoff().tries():
        tries += 1
        clock.now += 15
    assert tries == 2


def test_a_call_is_repeated_while_the_store_may_yet_answer(clock: Clock) -> None:
    answers: list[StoreError | str] = [StoreError("u", "busy"), StoreError("u", "busy"), "done"]

    def operation() -> str:
        answer = answers.pop(0)
        if isinstance(answer, StoreError):
            raise answer
        return answer

    assert clock.backoff().call(operation) == "done"
    assert len(clock.slept) == 2


def test_a_refusal_for_good_ends_it(clock: Clock) -> None:
    def operation() -> None:
        raise StoreError("u", "denied", is_transient=False)

    with pytest.raises(StoreError, match="denied"):
        clock.backoff().call(operation)
    assert clock.slept == []


def test_when_the_budget_ends_the_last_error_is_raised(clock: Clock) -> None:
    def operation() -> None:
        raise StoreError("u", f"busy at {clock.now:g}")

    with pytest.raises(StoreError, match="busy at 19"):
        clock.backoff().call(operation)
