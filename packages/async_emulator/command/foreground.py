"""Runs the emulator in a terminal, prints its lines, and ends it on Ctrl-C."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable

import click
import uvloop

from async_emulator.deployments.served import ServedSettings
from async_emulator.emulator import Emulator, base_url_of, listen
from async_emulator.emulator_settings import EmulatorSettings
from async_emulator.errors import UsageProblem
from async_inference.cli.plugins import plugins


def run_in_foreground(settings: EmulatorSettings, port: int, *, is_key_new: bool) -> None:
    """Serve until SIGINT or SIGTERM. Raises EmulatorError."""
    for served in settings.served:
        served.check()
        _run_checks(served)
    with listen(port) as listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        _greet(base_url_of(listener), settings, is_key_new=is_key_new)
        runner.run(_serve(settings, listener))
    _say("stopped; queued requests are kept")


def _run_checks(served: ServedSettings) -> None:
    """Run every installed check of a Truss's settings before anything is built. Raises UsageProblem.

    A check is an entry point of the group `truss_async.checks`: a function that takes the Truss's folder and
    the model's environment variables, and returns one line for each problem.
    """
    for check in plugins("truss_async.checks"):
        for truss_dir in served.truss_dirs:
            if problems := check.load()(truss_dir, {**os.environ, **served.environ}):
                raise UsageProblem("; ".join(problems))


def _greet(base_url: str, settings: EmulatorSettings, *, is_key_new: bool) -> None:
    paths = ", ".join(str(served.path) for served in settings.served)
    _say(f"serving {paths} on {base_url}")
    for served in settings.served:
        _say(f"{served.title}, data in {settings.data_dir}")
        if len(settings.served) > 1:
            _say(f"  POST {_submit_url(base_url, settings, served)}, or any path with Host: {served.host}")
    if is_key_new:
        _say(f"callers need this key, shown only once:\n\n  export BASETEN_API_KEY={settings.api_key}\n")


def _submit_url(base_url: str, settings: EmulatorSettings, served: ServedSettings) -> str:
    if len(settings.served) > 1:
        target = f"deployment/{served.deployment_id}"
    else:
        target = f"environments/{served.environment}" if served.environment else "production"
    return f"{base_url}/{target}/{served.submit_operation}"


async def _serve(settings: EmulatorSettings, listener: socket.socket) -> None:
    url = _submit_url(base_url_of(listener), settings, settings.served[0])
    emulator = Emulator(settings, listener, _Terminal(url))
    end_on_signals(emulator.stop)
    await emulator.run()


def end_on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` on the first SIGINT or SIGTERM. The second ends this process at once, whatever it does."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def end() -> None:
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        stop()

    for number in numbers:
        loop.add_signal_handler(number, end)


class _Terminal:
    """Shows everything on stderr. See Console. `url` is where requests are submitted."""

    def __init__(self, url: str) -> None:
        self._url = url

    def announce(self, line: str) -> None:
        _say(line)

    def log(self, text: str) -> None:
        _say(text)

    def announce_ready(self) -> None:
        _say(f"ready: POST {self._url} (Ctrl-C stops)")


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # it goes to a file on a full disk, say: nothing ends for that
        click.echo(line, err=True)
