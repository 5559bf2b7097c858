"""The emulator in a terminal: what it prints, and how Ctrl-C ends it."""

import asyncio
import gc
import os
import signal
import socket
from importlib.metadata import entry_points

import click
import uvloop

from async_emulator.build_context import check_truss
from async_emulator.emulator import HOST, Emulator, EmulatorSettings, listen
from async_emulator.errors import UsageProblem


def run_in_foreground(settings: EmulatorSettings, port: int, *, is_key_new: bool) -> None:
    """Serve until SIGINT or SIGTERM. Raises EmulatorError."""
    check_truss(settings.deployment.truss_dir)
    _run_checks(settings)
    with listen(port) as listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        base_url = f"http://{HOST}:{listener.getsockname()[1]}"
        gc.freeze()  # what has been imported stays: no collection need look at it again
        _greet(base_url, settings, is_key_new=is_key_new)
        runner.run(_serve(settings, listener, base_url))
    _say("stopped; what was queued is kept")


def _run_checks(settings: EmulatorSettings) -> None:
    """Every installed check of a Truss's settings, before anything is built.

    A check is an entry point of the group `truss_async.checks`: a function that takes the Truss's folder and
    the variables its model will see, and returns one line for each problem.
    """
    deployment = settings.deployment
    for check in entry_points(group="truss_async.checks"):
        if problems := check.load()(deployment.truss_dir, {**os.environ, **deployment.environ}):
            raise UsageProblem("; ".join(problems))


def _greet(base_url: str, settings: EmulatorSettings, *, is_key_new: bool) -> None:
    deployment = settings.deployment
    _say(f"serving {deployment.truss_dir} on {base_url}")
    _say(f"model {deployment.model_id}, deployment {deployment.deployment_id}, data in {deployment.data_dir}")
    if is_key_new:
        _say(f"callers need this key, shown only once:\n\n  export BASETEN_API_KEY={settings.api_key}\n")


async def _serve(settings: EmulatorSettings, listener: socket.socket, base_url: str) -> None:
    emulator = Emulator(
        settings,
        listener,
        announce=_say,
        log=_say,
        on_ready=lambda: _say(f"ready: POST {base_url}/production/async_predict (Ctrl-C stops)"),
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, emulator.stop)
    await emulator.run()


def _say(line: str) -> None:
    click.echo(line, err=True)
