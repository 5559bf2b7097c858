"""Pauses as they are measured from outside, where a network and a queue lie between."""

from collections.abc import Iterable, Sequence


def about(pauses: Iterable[float], expected: Sequence[float]) -> list[float]:
    """Return each pause as the expected one in its place, if it is that or a little longer; else rounded.

    A pause is never shorter than planned, but what comes after it may take a moment.
    """
    return [
        planned if planned - 0.05 <= pause <= planned * 1.25 + 0.75 else round(pause, 1)
        for pause, planned in zip(pauses, [*expected, *([0.0] * 20)], strict=False)
    ]
