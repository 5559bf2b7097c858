"""The options of `truss-async serve`: how a Truss is deployed, and how the API behaves.

The API has one option for each field of ApiSettings.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from async_emulator.settings.api import ApiSettings

_DEFAULTS = ApiSettings()

_Command = TypeVar("_Command", bound=Callable[..., Any])


_DEPLOYMENT_OPTIONS = (
    click.option("--environment", metavar="NAME", help="The environment to deploy in, such as staging."),
    click.option(
        "--watch",
        "is_watched",
        is_flag=True,
        help="Deploy each change of the files at once; a change that does not load is ignored.",
    ),
    click.option(
        "--concurrency-target",
        type=click.IntRange(min=1),
        help="Predictions under way at once on a replica. Default: the Truss's runtime.predict_concurrency.",
    ),
    click.option(
        "--retry-not-ready/--no-retry-not-ready",
        default=True,
        show_default=True,
        help="Whether MODEL_NOT_READY is retried: the platform's pages say both.",
    ),
    click.option(
        "--replicas",
        "max_replicas",
        default=1,
        show_default=True,
        type=click.IntRange(1, 64),
        help="Model servers to run; with --min-replicas, the most of them.",
    ),
    click.option(
        "--min-replicas",
        type=click.IntRange(min=0),
        help="Model servers to keep without need; 0 scales to zero. Default: as many as --replicas.",
    ),
    click.option(
        "--scale-down-delay",
        default=900.0,
        show_default=True,
        type=click.FloatRange(0, 3_600),
        help="Seconds without need after which replicas above --min-replicas end.",
    ),
)


def _check_webhook_secrets(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    from async_emulator.webhooks.signing_secrets import is_webhook_secret

    for number, value in enumerate(given, start=1):
        if not is_webhook_secret(value):
            raise click.BadParameter(
                f"number {number} does not look like one: allowed is whsec_ and then letters and digits"
            )
    return given


def _limit(name: str, help: str) -> Callable[[_Command], _Command]:
    return click.option(
        f"--{name}",
        default=getattr(_DEFAULTS, name.replace("-", "_")),
        show_default=True,
        type=click.IntRange(min=0),
        help=f"{help} 0: no limit.",
    )


_API_OPTIONS = (
    _limit("submits-per-minute", "Submits that are accepted; more are answered 429."),
    _limit("status-calls-per-second", "Status calls that are answered."),
    _limit("cancels-per-second", "Cancellations that are answered."),
    _limit("queue-status-calls-per-second", "Calls of async_queue_status that are answered."),
    _limit("outstanding-requests", "Requests that may be QUEUED or IN_PROGRESS."),
    click.option(
        "--rate-limits/--no-rate-limits",
        default=_DEFAULTS.rate_limits,
        show_default=True,
        help="Whether the five limits above hold.",
    ),
    click.option(
        "--async-body-bytes",
        default=_DEFAULTS.async_body_bytes,
        show_default=True,
        type=click.IntRange(min=1),
        help="The largest body of a submit; a larger one is answered 413.",
    ),
    click.option(
        "--raw-run-remote",
        is_flag=True,
        help="Take a body of async_run_remote without model_input as the chain's own arguments.",
    ),
    click.option(
        "--webhook-secret",
        "webhook_secrets",
        multiple=True,
        envvar="BASETEN_WEBHOOK_SECRETS",
        callback=_check_webhook_secrets,
        help="Signs webhooks. Repeatable, newest first; also read from BASETEN_WEBHOOK_SECRETS.",
    ),
    click.option(
        "--allow-private-webhooks",
        is_flag=True,
        help="Also send webhooks to private addresses, still over https.",
    ),
    click.option(
        "--webhook-attempts",
        default=_DEFAULTS.webhook_attempts,
        show_default=True,
        type=click.IntRange(1, 10),
        help="Attempts at a delivery, the first included; until 2026 the platform made 3.",
    ),
    click.option(
        "--wrong-key-status",
        default=str(_DEFAULTS.wrong_key_status),
        show_default=True,
        type=click.Choice(["401", "403"]),
        callback=lambda _, __, given: int(given),
        help="The answer to a wrong key; to a missing one it is 401. The platform's pages say both.",
    ),
    click.option(
        "--request-log/--no-request-log",
        default=_DEFAULTS.request_log,
        show_default=True,
        help="Whether each change of a request's status is a line of the log.",
    ),
    click.option(
        "--control",
        is_flag=True,
        help="Let tests advance the clock, make faults and see deliveries, under /control/.",
    ),
)


def deployment_options(command: _Command) -> _Command:
    """Give a command these options."""
    for option in reversed(_DEPLOYMENT_OPTIONS):
        command = option(command)
    return command


def api_options(command: _Command) -> _Command:
    """Give a command these options; their values are the keywords of ApiSettings."""
    for option in reversed(_API_OPTIONS):
        command = option(command)
    return command
