"""The command `truss-async serve`."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

import click

from async_emulator.api_options import api_options
from async_emulator.deployment_options import deployment_options

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
    epilog="Exit codes: 0 it was stopped, 1 the model cannot be run, 2 it cannot be run as given.",
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
@click.option("--model-id", help="Default: made from the folder's path.")
@click.option("--deployment-id", help="Default: made from the folder's path.")
@deployment_options
@api_options
def serve(
    truss_dir: Path,
    port: int,
    api_key: str | None,
    data_dir: Path | None,
    environ: dict[str, str],
    model_id: str | None,
    deployment_id: str | None,
    concurrency_target: int | None,
    retry_not_ready: bool,
    max_replicas: int,
    min_replicas: int | None,
    scale_down_delay: float,
    **api: Any,
) -> None:
    """Run the Truss in TRUSS_DIR (default: this folder) behind Baseten's async API.

    The model runs in the real Truss server, without Docker, in an environment of its own. Requests that were
    acknowledged survive the end of this command, however it ends: start it again with the same --data-dir.
    Secrets of the Truss are taken from variables named TRUSS_SECRET_<name>.

    \b
    Example:
      truss-async serve . --port 8080 --env TRUSS_OUTPUTS_URL=file://$PWD/outputs
    """
    # Here, so that `truss-async --help` does not wait for a server's libraries.
    import platformdirs

    from async_emulator.api_settings import ApiSettings
    from async_emulator.autoscaler import Autoscaling
    from async_emulator.deployment import DeploymentSettings
    from async_emulator.emulator import EmulatorSettings
    from async_emulator.errors import EmulatorError, UsageProblem
    from async_emulator.foreground import run_in_foreground

    if min_replicas is not None and min_replicas > max_replicas:
        raise click.BadParameter(f"at most --replicas, which is {max_replicas}", param_hint="--min-replicas")
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
            concurrency_target=concurrency_target,
            retry_not_ready=retry_not_ready,
            autoscaling=Autoscaling(
                min_replicas=max_replicas if min_replicas is None else min_replicas,
                max_replicas=max_replicas,
                scale_down_delay=scale_down_delay,
            ),
        ),
        api_key=api_key or secrets.token_urlsafe(24),
        api=ApiSettings(**api),
    )
    try:
        run_in_foreground(settings, port, is_key_new=not api_key)
    except UsageProblem as error:
        raise click.UsageError(str(error)) from error
    except EmulatorError as error:
        raise click.ClickException(str(error)) from error
