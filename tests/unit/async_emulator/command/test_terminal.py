"""The emulator goes on where its log cannot be written, and says what is missing."""

import errno
import io
import os
import sys

from async_emulator.command.terminal import Terminal


class Log(io.StringIO):
    """Standard error, on a disk that may be full."""

    is_full = False

    def write(self, text: str) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(text)


def test_lines_that_cannot_be_written_are_counted_and_told_once(capsys, monkeypatch):
    log, terminal = Log(), Terminal()
    monkeypatch.setattr(sys, "stderr", log)  # here: pytest sets it anew between a fixture and its test
    terminal.announce("before")
    log.is_full = True
    terminal.announce("a")
    terminal.log(["b", "c"])
    terminal.announce_ready()
    assert capsys.readouterr().out == (
        "warning: the log cannot be written (No space left on device); the emulator goes on\n"
    )
    log.is_full = False
    terminal.announce("after")
    terminal.announce("later")
    assert log.getvalue().splitlines() == [
        "before",
        "warning: up to 4 lines of this log are missing (No space left on device)",
        "after",
        "later",
    ]


def test_not_even_the_warning_has_to_be_read(monkeypatch):
    full = Log()
    full.is_full = True
    monkeypatch.setattr(sys, "stderr", full)
    monkeypatch.setattr(sys, "stdout", full)
    Terminal().announce("a")
    assert full.getvalue() == ""
