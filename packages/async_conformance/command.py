"""The command `truss-async conformance`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from async_inference.cli import display
from async_inference.cli.options import EXIT_CODES, json_option, service_options
from async_inference.cli.service import Service

if TYPE_CHECKING:
    from async_conformance.session import Session


@click.command(short_help="Hold a deployment to what Baseten's async API does.", epilog=EXIT_CODES)
@click.option(
    "--report",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default="conformance.json",
    show_default=True,
    help="Write the report here. An interrupted run with the same report goes on where it stopped.",
)
@click.option("--fresh", is_flag=True, help="Begin anew, even if the run of the report was interrupted.")
@click.option(
    "--only",
    "names",
    multiple=True,
    metavar="ROW",
    help="Try this row again, and keep the others of the report. Repeatable.",
)
@click.option(
    "--max-calls",
    default=1_500,
    show_default=True,
    type=click.IntRange(min=1),
    help="Make no more calls than this; rows that would need more are not tried.",
)
@click.option(
    "--max-minutes",
    default=15.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Take no longer than this; rows that would need more are not tried.",
)
@click.option("--yes", "is_agreed", is_flag=True, help="Do not ask before the first call is made.")
@click.option(
    "--webhook-url",
    metavar="URL",
    help="A public https url that leads to --receive, such as that of a tunnel; for the rows of webhooks.",
)
@click.option(
    "--receive",
    "port",
    type=click.IntRange(1, 65_535),
    metavar="PORT",
    help="Receive webhooks on this port of this machine's loopback.",
)
@click.option(
    "--webhook-secret",
    "webhook_secrets",
    multiple=True,
    envvar="BASETEN_WEBHOOK_SECRETS",
    help="A secret that signs webhooks, to check signatures. Repeatable, newest first; also read from "
    "BASETEN_WEBHOOK_SECRETS.",
)
@service_options
@json_option
def conformance(
    path: Path,
    fresh: bool,
    names: tuple[str, ...],
    max_calls: int,
    max_minutes: float,
    is_agreed: bool,
    webhook_url: str | None,
    port: int | None,
    webhook_secrets: tuple[str, ...],
    service: Service,
    as_json: bool,
) -> int:
    """Hold a deployment of the Truss in examples/conformance to what Baseten's async API does.

    Each row ends as "same", "differs" or "not tried". Nothing is pushed. Push the Truss once, with one
    replica and a concurrency target of 1: docs/conformance.md. The report has no keys and no inputs;
    `truss-async serve --like` takes the settings that were seen. The exit code is 1 if a row differs, and 3
    if the budget was spent before the end.

    \b
    Examples:
      truss-async conformance --model-id abc12345
      truss-async conformance --model-id abc12345 --receive 9000 --webhook-url https://tunnel.example.com
    """
    from async_conformance.session import Session  # here: `--help` does not pay for importing an HTTP library

    session = Session(
        service=service,
        path=path,
        is_fresh=fresh,
        names=names,
        max_calls=max_calls,
        max_seconds=max_minutes * 60,
        webhook_url=webhook_url,
        port=port,
        webhook_secrets=webhook_secrets,
        is_quiet=as_json,
    )
    _ask(session, is_agreed=is_agreed)
    code = session.run()
    if as_json:
        display.show_json(session.report.model_dump(mode="json"))
    return code


def _ask(session: "Session", *, is_agreed: bool) -> None:
    """Show what the run will cost, and go on only if that is agreed to."""
    display.note(session.announcement)
    if is_agreed or not session.plan.rows:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nothing was called: give --yes to agree to this")
    click.confirm("Go on?", abort=True, err=True)
