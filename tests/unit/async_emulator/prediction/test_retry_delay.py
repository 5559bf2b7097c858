import pytest

from async_emulator.prediction.retry_delay import delay_seconds
from async_inference.wire import InferenceRetryConfig


@pytest.mark.closeness("retry delays")
def test_delays_double_up_to_the_longest_and_end_with_the_attempts():
    retry_config = InferenceRetryConfig(max_attempts=6, initial_delay_ms=1_000, max_delay_ms=5_000)
    delays = [delay_seconds(retry_config, made) for made in range(1, 7)]
    assert delays == [1.0, 2.0, 4.0, 5.0, 5.0, None]


def test_by_default_three_attempts_are_made():
    delays = [delay_seconds(InferenceRetryConfig(), made) for made in (1, 2, 3)]
    assert delays == [1.0, 2.0, None]


@pytest.mark.parametrize("made", [1, 9])
def test_a_first_delay_above_the_longest_is_cut(made):
    retry_config = InferenceRetryConfig(max_attempts=10, initial_delay_ms=10_000, max_delay_ms=0)
    assert delay_seconds(retry_config, made) == 0
