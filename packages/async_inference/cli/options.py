"""The options that commands share, each written once, and what they become.

A decorator takes its options out of the command's arguments and hands over one value in their place.
"""

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from async_inference.cli.result_store import Outputs
from async_inference.cli.service import LOCAL_URL, Service

Command = Callable[..., Any]

EXIT_CODES = (
    "Exit codes: 0 it worked, 1 it failed or was refused, 2 it cannot be run as given, 3 the time was up, "
    "130 Ctrl-C."
)


def service_options(command: Command) -> Command:
    """The options that say whom to call, as `service`."""

    @click.option(
        "--api-key",
        envvar="BASETEN_API_KEY",
        show_envvar=True,
        metavar="KEY",
        help="Your Baseten API key, or the key of the local emulator. Safer in the environment.",
    )
    @click.option(
        "--model-id",
        envvar="BASETEN_MODEL_ID",
        show_envvar=True,
        metavar="ID",
        help="Call this model on Baseten.",
    )
    @click.option(
        "--chain-id",
        envvar="BASETEN_CHAIN_ID",
        show_envvar=True,
        metavar="ID",
        help="Call this chain on Baseten; with --base-url, whatever chain answers there.",
    )
    @click.option(
        "--base-url",
        envvar="TRUSS_ASYNC_BASE_URL",
        show_envvar=True,
        metavar="URL",
        help="Call whatever answers here, rather than Baseten.  [default without a model or chain id: "
        f"{LOCAL_URL}, where 'truss-async serve' listens]",
    )
    @click.option(
        "--environment",
        metavar="NAME",
        default="production",
        show_default=True,
        help="Which environment to call; 'development' is one.",
    )
    @click.option("--deployment-id", metavar="ID", help="One deployment, in place of an environment.")
    @functools.wraps(command)
    def taking(
        *,
        api_key: str | None,
        model_id: str | None,
        chain_id: str | None,
        base_url: str | None,
        environment: str,
        deployment_id: str | None,
        **others: Any,
    ) -> Any:
        service = Service(
            api_key=api_key,
            model_id=model_id,
            chain_id=chain_id,
            base_url=base_url,
            environment=environment,
            deployment_id=deployment_id,
        )
        return command(service=service, **others)

    return taking


def outputs_options(command: Command) -> Command:
    """The options that say where results are stored, as `outputs`."""

    @click.option(
        "--outputs",
        "url",
        envvar="TRUSS_OUTPUTS_URL",
        show_envvar=True,
        metavar="URL",
        help="Where the results are: s3://bucket/prefix or file:///folder.  [default: what the Truss's "
        "config.yaml says]",
    )
    @click.option(
        "--truss-dir",
        type=click.Path(file_okay=False, path_type=Path),
        default=".",
        show_default=True,
        help="The Truss whose config.yaml is read.",
    )
    @click.option(
        "--destination", metavar="NAME", help="One of the settings' destinations, in place of their url."
    )
    @functools.wraps(command)
    def taking(*, url: str | None, truss_dir: Path, destination: str | None, **others: Any) -> Any:
        outputs = Outputs(url=url, truss_dir=truss_dir, destination=destination)
        return command(outputs=outputs, **others)

    return taking


def deployment_options(command: Command) -> Command:
    """The options that say whose results are meant, where no deployment is called. They go into `outputs`.

    To stand below `outputs_options`.
    """

    @click.option(
        "--environment", metavar="NAME", help="The model's environment, where their url depends on it."
    )
    @click.option(
        "--model-id",
        envvar="BASETEN_MODEL_ID",
        show_envvar=True,
        metavar="ID",
        help="The model, where their url depends on it.",
    )
    @click.option("--deployment-id", metavar="ID", help="The deployment, where their url depends on it.")
    @functools.wraps(command)
    def taking(*, outputs: Outputs, **given: Any) -> Any:
        names = ("environment", "model_id", "deployment_id")
        return command(outputs=replace(outputs, **{name: given.pop(name) for name in names}), **given)

    return taking


def json_option(command: Command) -> Command:
    """The option `--json`, as `as_json`."""
    option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, and no more.")
    return option(command)


def timeout_option(command: Command) -> Command:
    """The option `--timeout`, in seconds."""
    option = click.option(
        "--timeout",
        type=click.FloatRange(min=0),
        default=600,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for the result.",
    )
    return option(command)
