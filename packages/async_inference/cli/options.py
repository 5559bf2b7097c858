"""The options that several commands share.

Each decorator replaces its options, among the command's arguments, by one value that is made of them.
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
    "Exit codes: 0 success, 1 the request failed or was refused, 2 the command cannot be run as given, "
    "3 the time was up, 130 Ctrl-C."
)


def service_options(command: Command) -> Command:
    """Add the options that choose the service to call, passed on as `service`."""

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
        help="Call this chain on Baseten; with --base-url, the chain that is served there.",
    )
    @click.option(
        "--base-url",
        envvar="TRUSS_ASYNC_BASE_URL",
        show_envvar=True,
        metavar="URL",
        help="Call the server at this address instead of Baseten.  [default without a model or chain id: "
        f"{LOCAL_URL}, where 'truss-async serve' listens]",
    )
    @click.option(
        "--environment",
        metavar="NAME",
        default="production",
        show_default=True,
        help="The environment to call; may be 'development'.",
    )
    @click.option("--deployment-id", metavar="ID", help="The deployment to call, instead of an environment.")
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
    """Add the options that choose the store of the results, passed on as `outputs`."""

    @click.option(
        "--outputs",
        "url",
        envvar="TRUSS_OUTPUTS_URL",
        show_envvar=True,
        metavar="URL",
        help="Where results are stored, such as s3://bucket/prefix or file:///folder.  [default: the url "
        "in the Truss's config.yaml]",
    )
    @click.option(
        "--truss-dir",
        type=click.Path(file_okay=False, path_type=Path),
        default=".",
        show_default=True,
        help="The folder of the Truss whose config.yaml is read.",
    )
    @click.option(
        "--destination", metavar="NAME", help="One of the destinations in the settings, instead of their url."
    )
    @functools.wraps(command)
    def taking(*, url: str | None, truss_dir: Path, destination: str | None, **others: Any) -> Any:
        outputs = Outputs(url=url, truss_dir=truss_dir, destination=destination)
        return command(outputs=outputs, **others)

    return taking


def deployment_options(command: Command) -> Command:
    """Add the options that choose whose results are meant, where no deployment is called.

    They go into `outputs`, so this decorator stands below `outputs_options`.
    """

    @click.option(
        "--environment", metavar="NAME", help="The model's environment, if the results' url depends on it."
    )
    @click.option(
        "--model-id",
        envvar="BASETEN_MODEL_ID",
        show_envvar=True,
        metavar="ID",
        help="The model, if the results' url depends on it.",
    )
    @click.option("--deployment-id", metavar="ID", help="The deployment, if the results' url depends on it.")
    @functools.wraps(command)
    def taking(*, outputs: Outputs, **given: Any) -> Any:
        names = ("environment", "model_id", "deployment_id")
        return command(outputs=replace(outputs, **{name: given.pop(name) for name in names}), **given)

    return taking


def json_option(command: Command) -> Command:
    """Add the option `--json`, passed on as `as_json`."""
    option = click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print one JSON object on stdout, and nothing else; of a failure "
        '{"error": {"type", "message", "exit_code", "request_id", "records"}}, where records are the '
        "request's stored errors, oldest first: url, time, code, message, exception.",
    )
    return option(command)


def timeout_option(command: Command) -> Command:
    """Add the option `--timeout`, in seconds."""
    option = click.option(
        "--timeout",
        type=click.FloatRange(min=0),
        default=600,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for the result.",
    )
    return option(command)
