"""Runs the emulator in a terminal, prints its lines, and ends it on Ctrl-C."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import replace

import uvloop

from async_emulator.command.terminal import Terminal
from async_emulator.command.warning_log import show_warnings
from async_emulator.deployments.served import ServedSettings
from async_emulator.emulator import Emulator, base_url_of, listen
from async_emulator.emulator_settings import EmulatorSettings
from async_emulator.errors import UsageProblem
from async_emulator.trusses.config import own_settings
from async_inference.cli.checks.config_keys import check_keys
from async_inference.cli.plugins import plugins


def run_in_foreground(settings: EmulatorSettings, port: int, *, is_key_new: bool) -> None:
    """Serve until SIGINT or SIGTERM. Raises EmulatorError."""
    show_warnings()
    terminal = Terminal()
    settings = replace(settings, served=_checked(settings, terminal))
    with listen(port) as listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        _greet(terminal, base_url_of(listener), settings, is_key_new=is_key_new)
        runner.run(_serve(settings, listener, terminal))
    terminal.announce("stopped; queued requests are kept")


def _checked(settings: EmulatorSettings, terminal: Terminal) -> list[ServedSettings]:
    """Return what a first look finds nothing against.

    Raises UsageProblem: at the first that cannot be served, or with `keep_going` if there is no other.
    """
    good: list[ServedSettings] = []
    for served in settings.served:
        try:
            served.check()
            _run_checks(served)
        except UsageProblem as error:
            if not settings.keep_going or (served is settings.served[-1] and not good):
                raise
            terminal.announce(f"{served.path}: not served: {error}")
            continue
        good.append(served)
    return good


def _run_checks(served: ServedSettings) -> None:
    """Run every installed check of a Truss's settings before anything is built. Raises UsageProblem.

    A check is an entry point of the group `truss_async.checks`: a function that takes the Truss's folder and
    the model's environment variables, and returns one line for each problem.
    """
    for check in plugins("truss_async.checks"):
        for truss_dir in served.truss_dirs:
            if problems := check.load()(truss_dir, {**os.environ, **served.environ}):
                raise UsageProblem("; ".join(problems))


def _greet(terminal: Terminal, base_url: str, settings: EmulatorSettings, *, is_key_new: bool) -> None:
    say = terminal.announce
    paths = ", ".join(str(served.path) for served in settings.served)
    say(f"serving {paths} on {base_url}")
    for served in settings.served:
        say(f"{served.title}, data in {settings.data_dir}")
        if len(settings.served) > 1:
            say(f"  POST {_submit_url(base_url, settings, served)}, or any path with Host: {served.host}")
        for truss_dir in served.truss_dirs:
            for finding in check_keys(own_settings(truss_dir)):
                say(f"warning: {truss_dir / 'config.yaml'}: {finding.problem}")
    if is_key_new:
        say(f"callers need this key, shown only once:\n\n  export BASETEN_API_KEY={settings.api_key}\n")


def _submit_url(base_url: str, settings: EmulatorSettings, served: ServedSettings) -> str:
    if len(settings.served) > 1:
        target = f"deployment/{served.deployment_id}"
    else:
        target = f"environments/{served.environment}" if served.environment else "production"
    return f"{base_url}/{target}/{served.submit_operation}"


async def _serve(settings: EmulatorSettings, listener: socket.socket, terminal: Terminal) -> None:
    terminal.submit_at(_submit_url(base_url_of(listener), settings, settings.served[0]))
    emulator = Emulator(settings, listener, terminal)
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
