"""The option `--like`: serve with the settings that `truss-async conformance` has seen at another target."""

from pathlib import Path

import click

TAKEN = frozenset(
    {
        *("submits_per_minute", "status_calls_per_second", "cancels_per_second"),
        *("queue_status_calls_per_second", "async_body_bytes", "wrong_key_status"),
        *("raw_run_remote", "retry_not_ready", "allow_private_webhooks", "webhook_attempts"),
    }
)
"""The options that a report may set: what a platform does, and nothing that opens this machine."""


def take_settings(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Make what was seen the default of each option, so that an option that is given wins.

    Raises InvalidSetting for a report that cannot be read, and UsageError for one with other settings.
    """
    if path is None:
        return
    from async_conformance.report import (
        read_report,
    )  # here: only a command with the option pays for the import

    seen = read_report(path).settings
    if unknown := sorted(set(seen) - TAKEN):
        raise click.UsageError(f"--like: {path} has the setting {unknown[0]!r}, which this version lacks")
    texts = {name: str(value) if name == "wrong_key_status" else value for name, value in seen.items()}
    context.default_map = {**(context.default_map or {}), **texts}
    shown = ", ".join(f"{name} {value}".lower() for name, value in sorted(seen.items()))
    click.echo(f"like {path}: {shown or 'it has no settings'}", err=True)
