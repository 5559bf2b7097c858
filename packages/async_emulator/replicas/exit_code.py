"""How a model server's end is told to a person. Pure."""

import signal
from contextlib import suppress

_OF_SIGNALS = 128
"""A signal's exit code is its number above this: the convention of shells, which server_process keeps."""


def told(exit_code: int) -> str:
    """Return the exit code in words, with the signal that it means, if any."""
    number = -exit_code if exit_code < 0 else exit_code - _OF_SIGNALS
    with suppress(ValueError):
        return f"exit code {exit_code} ({signal.Signals(number).name})"
    return f"exit code {exit_code}"
