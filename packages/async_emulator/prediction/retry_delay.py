"""The delay before the next attempt. Pure."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from async_inference.wire import InferenceRetryConfig


def delay_seconds(retry_config: "InferenceRetryConfig", attempts_made: int) -> float | None:
    """Return the delay after `attempts_made` failed attempts, in seconds; None: no attempt is left.

    Doubles from `initial_delay_ms` up to `max_delay_ms` (docs.baseten.co/inference/async).
    """
    if attempts_made >= retry_config.max_attempts:
        return None
    delay_ms = retry_config.initial_delay_ms * (1 << (attempts_made - 1))
    return min(delay_ms, retry_config.max_delay_ms) / 1_000
