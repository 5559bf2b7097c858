"""The options of `truss-async serve` that say how the API behaves: one for each field of ApiSettings."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _check_webhook_secrets(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    from async_emulator.webhook_secrets import is_webhook_secret

    for number, value in enumerate(given, start=1):
        if not is_webhook_secret(value):
            raise click.BadParameter(
                f"number {number} does not look like one: allowed is whsec_ and then letters and digits"
            )
    return given


_OPTIONS = (
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
)


def api_options(command: _Command) -> _Command:
    """Give a command these options; their values are the keywords of ApiSettings."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
