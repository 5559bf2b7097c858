"""The emulator's output, on standard error: a terminal, or a file on a disk that may be full."""

import contextlib
from collections.abc import Sequence

import click

from async_inference.printable import one_line, printable_in_colour


class Terminal:
    """Shows lines to whoever runs the emulator; never raises where they cannot be written.

    The first failure is reported on standard output. The number of lines that are missing is
    told in the log itself, as soon as it takes lines again. See Console.
    """

    def __init__(self) -> None:
        self._ready_line = "ready"
        self._missing = 0
        self._reason = ""

    def submit_at(self, url: str) -> None:
        """From now on, `announce_ready` names the url where requests are submitted."""
        self._ready_line = f"ready: POST {url} (Ctrl-C stops)"

    def announce(self, line: str) -> None:
        """Show one line about the emulator itself."""
        self._write(one_line(line))

    def log(self, lines: Sequence[str]) -> None:
        """Show lines of a model's log, with their colours, or of the log of requests."""
        self._write("\n".join(map(printable_in_colour, lines)))

    def announce_ready(self) -> None:
        """Say that everything that is served is ready."""
        self._write(self._ready_line)

    def _write(self, text: str) -> None:
        try:
            if self._missing:
                # Standard error keeps some lines for later, so that this number is the most.
                missing = f"warning: up to {self._missing:,} lines of this log are missing ({self._reason})"
                click.echo(missing, err=True)
                self._missing = 0
            click.echo(text, err=True)
        except OSError as error:
            if not self._reason:
                with contextlib.suppress(OSError):
                    click.echo(f"warning: the log cannot be written ({error.strerror}); the emulator goes on")
            self._reason = error.strerror or type(error).__name__
            self._missing += text.count("\n") + 1
