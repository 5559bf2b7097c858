"""The command `truss-async serve`."""

import asyncio
import hashlib
import os
import secrets
import signal
import socket
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

import click
import platformdirs
import uvloop

from async_emulator.build_context import check_truss
from async_emulator.deployment import DeploymentSettings
from async_emulator.emulator import HOST, Emulator, EmulatorSettings, listen
from async_emulator.errors import EmulatorError, UsageProblem

_APP = "truss-async"


def _parse_environment(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """`NAME=VALUE`, or `NAME` for the value it has in this shell."""
    environ = {}
    for item in given:
        name, is_set, value = item.partition("=")
        if not is_set and name not in os.environ:
            raise click.BadParameter(f"{name} is not set here: write {name}=VALUE, or set it")
        environ[name] = value if is_set else os.environ[name]
    return environ


@click.command(
    short_help="Run a Truss behind Baseten's async API, on this machine.",
    epilog="Example:\n\n  truss-async serve . --port 8080 --env TRUSS_OUTPUTS_URL=file://$PWD/outputs",
)
@click.argument("truss_dir", default=".", type=click.Path(path_type=Path))
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65_535), help="0: any free one."
)
@click.option(
    "--api-key",
    envvar="BASETEN_API_KEY",
    help="The key that callers must send; also read from BASETEN_API_KEY. Default: a new one, printed once.",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the queue lives. Default: a folder for this Truss under your state directory.",
)
@click.option(
    "--env",
    "environ",
    multiple=True,
    metavar="NAME[=VALUE]",
    callback=_parse_environment,
    help="A variable for the model; without a value, the one it has here. Repeatable.",
)
@click.option(
    "--concurrency-target",
    type=click.IntRange(min=1),
    help="Predictions under way at once. Default: the Truss's runtime.predict_concurrency.",
)
@click.option("--model-id", help="Default: made from the folder's path.")
@click.option("--deployment-id", help="Default: made from the folder's path.")
def serve(
    truss_dir: Path,
    port: int,
    api_key: str | None,
    data_dir: Path | None,
    environ: dict[str, str],
    concurrency_target: int | None,
    model_id: str | None,
    deployment_id: str | None,
) -> None:
    """Run the Truss in TRUSS_DIR (default: this folder) behind Baseten's async API.

    The model runs in the real Truss server, without Docker, in an environment of its own. Requests that were
    acknowledged survive the end of this command, however it ends: start it again with the same --data-dir.
    Secrets of the Truss are taken from variables named TRUSS_SECRET_<name>.
    """
    truss_dir = truss_dir.resolve()
    digest = hashlib.sha256(str(truss_dir).encode()).hexdigest()
    model_id = model_id or digest[:8]
    settings = EmulatorSettings(
        deployment=DeploymentSettings(
            truss_dir=truss_dir,
            data_dir=(data_dir or platformdirs.user_state_path(_APP) / model_id).resolve(),
            cache_dir=platformdirs.user_cache_path(_APP),
            model_id=model_id,
            deployment_id=deployment_id or digest[8:15],
            environ=environ,
        ),
        api_key=api_key or secrets.token_urlsafe(24),
        concurrency_target=concurrency_target,
    )
    try:
        check_truss(truss_dir)
        _run_checks(truss_dir, environ)
        with listen(port) as listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            base_url = f"http://{HOST}:{listener.getsockname()[1]}"
            _greet(base_url, settings, new_key=None if api_key else settings.api_key)
            runner.run(_serve(settings, listener, base_url))
    except UsageProblem as error:
        raise click.UsageError(str(error)) from error
    except EmulatorError as error:
        raise click.ClickException(str(error)) from error
    _say("stopped; what was queued is kept")


def _run_checks(truss_dir: Path, environ: Mapping[str, str]) -> None:
    """Every installed check of a Truss's settings, before anything is built.

    A check is an entry point of the group `truss_async.checks`: a function that takes the Truss's folder and
    the variables its model will see, and returns one line for each problem.
    """
    for check in entry_points(group="truss_async.checks"):
        if problems := check.load()(truss_dir, {**os.environ, **environ}):
            raise UsageProblem("; ".join(problems))


def _greet(base_url: str, settings: EmulatorSettings, new_key: str | None) -> None:
    deployment = settings.deployment
    _say(f"serving {deployment.truss_dir} on {base_url}")
    _say(f"model {deployment.model_id}, deployment {deployment.deployment_id}, data in {deployment.data_dir}")
    if new_key:
        _say(f"callers need this key, which is not shown again:\n\n  export BASETEN_API_KEY={new_key}\n")


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
