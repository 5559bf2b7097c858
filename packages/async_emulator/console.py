"""Where the emulator's output goes."""

from typing import Protocol


class Console(Protocol):
    """Shows text to whoever runs the emulator."""

    def announce(self, line: str) -> None:
        """Show one line about the emulator itself."""
        ...

    def log(self, text: str) -> None:
        """Show one or more lines of a model's log, or of the log of requests."""
        ...

    def announce_ready(self) -> None:
        """Say that everything that is served is ready."""
        ...
