"""Where the emulator's output goes."""

from collections.abc import Sequence
from typing import Protocol


class Console(Protocol):
    """Shows text to whoever runs the emulator.

    The text holds what models, callers and receivers have said: it is shown as `async_inference.printable`
    makes it, so that nobody can forge a line.
    """

    def announce(self, line: str) -> None:
        """Show one line about the emulator itself."""
        ...

    def log(self, lines: Sequence[str]) -> None:
        """Show lines of a model's log, which may have colours, or of the log of requests."""
        ...

    def announce_ready(self) -> None:
        """Say that everything that is served is ready."""
        ...
