"""Nobody but the emulator begins a line of its output."""

import logging
import sys

import pytest

from async_emulator.command.terminal import Terminal
from async_emulator.command.warning_log import PrintableFormatter

FORGED = "said\nready: POST https://evil.example\x1b[2J\u2028\x85"


def formatted(message: str, error: Exception | None = None) -> str:
    info = None
    if error is not None:
        try:
            raise error
        except Exception:
            info = sys.exc_info()
    return PrintableFormatter().format(
        logging.LogRecord("emulator", logging.WARNING, "", 1, "response: %s", (message,), info)
    )


@pytest.mark.closeness("forged lines")
def test_a_warning_is_one_line():
    assert formatted(FORGED) == (r"response: said\nready: POST https://evil.example\x1b[2J\u2028\x85")


def test_a_traceback_is_indented():
    first, *traceback = formatted("", ValueError(FORGED)).splitlines()
    assert first == "response: "
    assert {line[:2] for line in traceback} == {"  "}
    assert r"  ready: POST https://evil.example\x1b[2J" in traceback


def test_what_is_announced_is_one_line(capsys):
    Terminal().announce(FORGED)
    assert capsys.readouterr().err == "said ready: POST https://evil.example\\x1b[2J \n"


@pytest.mark.parametrize("line", ["model | \x1b[31mred\x1b[2J", "model | a\nb"])
def test_a_log_line_stays_one_line(capsys, line):
    Terminal().log([line, "model | after"])
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("model | ")
    assert "\x1b[2J" not in first
    assert second == "model | after"
