"""The command `truss-async serve`."""

import os
import secrets
from pathlib import Path
from typing import Any

import click

from async_emulator.command.like import take_settings
from async_emulator.command.options import api_options, deployment_options
from async_emulator.command.substitutes import substitute_options


def _parse_environment(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Parse `NAME=VALUE`, or `NAME` with its value in this shell."""
    environ = {}
    for item in given:
        name, is_set, value = item.partition("=")
        if not is_set and name not in os.environ:
            raise click.BadParameter(f"{name} is not set here: write {name}=VALUE, or set it")
        environ[name] = value if is_set else os.environ[name]
    return environ


@click.command(
    short_help="Run a Truss behind Baseten's async API, on this machine.",
    epilog="Exit codes: 0 it was stopped, 1 the model cannot be run, 2 it cannot be run as given.",
)
@click.argument("paths", metavar="[TRUSS_DIR]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65_535), help="0: any free one."
)
@click.option(
    "--api-key",
    envvar="BASETEN_API_KEY",
    help="The key that callers must send; safer in BASETEN_API_KEY. Default: a new one, printed once.",
)
@click.option(
    "--api-key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with that key and nothing else, which only you can read.",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the queue lives. Default: a folder for what is served under your state directory.",
)
@click.option(
    "--env",
    "environ",
    multiple=True,
    metavar="NAME[=VALUE]",
    callback=_parse_environment,
    help="A variable for the model; without a value, the one it has here. Repeatable.",
)
@click.option("--model-id", help="Default: made from the folder's path.")
@click.option("--deployment-id", help="Default: made from the folder's path.")
@click.option(
    "--like",
    metavar="REPORT",
    type=click.Path(path_type=Path, dir_okay=False),
    is_eager=True,
    expose_value=False,
    callback=take_settings,
    help="Take the settings that 'truss-async conformance' saw; an option that is given wins.",
)
@click.option(
    "--keep-going",
    is_flag=True,
    help="Of several, serve those that can be served; each other one says in one line why not.",
)
@substitute_options
@deployment_options
@api_options
@click.pass_context
def serve(
    context: click.Context,
    /,
    paths: tuple[Path, ...],
    port: int,
    api_key: str | None,
    api_key_file: Path | None,
    data_dir: Path | None,
    environ: dict[str, str],
    model_id: str | None,
    deployment_id: str | None,
    **options: Any,
) -> None:
    """Run the Truss in TRUSS_DIR (default: this folder) behind Baseten's async API; or several, each a model.

    A chain is its file, chain.py, or chain.py:CLASS where the entrypoint is not marked.

    The model runs in the real Truss server, without Docker, in an environment of its own. Requests that were
    acknowledged survive the end of this command, however it ends: start it again with the same --data-dir.
    Secrets of the Truss are taken from variables named TRUSS_SECRET_<name>.

    \b
    Example:
      truss-async serve . --port 8080 --env TRUSS_OUTPUTS_URL=file://$PWD/outputs
    """
    # Imported on first use: `truss-async --help` does not wait for a server's libraries.
    from async_emulator.command.api_key import given_api_key
    from async_emulator.command.foreground import run_in_foreground
    from async_emulator.command.settings import Given, settings_of
    from async_emulator.errors import EmulatorError, UsageProblem

    if len(paths) > 1 and (model_id or deployment_id):
        raise click.UsageError("--model-id and --deployment-id are for one Truss, and there are several")
    api_key = given_api_key(context, api_key, api_key_file)
    given = Given(
        paths=[path.resolve() for path in paths or (Path(),)],
        data_dir=data_dir,
        environ=environ,
        model_id=model_id,
        deployment_id=deployment_id,
        api_key=api_key or secrets.token_urlsafe(24),
        options=options,
    )
    try:
        run_in_foreground(settings_of(given), port, is_key_new=not api_key)
    except UsageProblem as error:
        raise click.UsageError(str(error)) from error
    except (EmulatorError, OSError) as error:  # OSError: no build can be written on a full disk, say
        raise click.ClickException(str(error)) from error
