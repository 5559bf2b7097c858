"""The output of commands: JSON for machines, tables for people."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from async_inference.printable import printable, printable_json

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console

    from async_inference.cli.error_records import ErrorRecord
    from async_inference.wire import AsyncRequestStatus
    from truss_outputs.results.document import StoredArtifact, StoredResult

# Wider than any line: the terminal wraps long ones, so that a URL can be copied in one piece.
_UNBROKEN = 10_000

_COLOURS = {"SUCCEEDED": "green", "WEBHOOK_FAILED": "yellow", "QUEUED": "cyan", "IN_PROGRESS": "cyan"}


def show_json(document: "BaseModel | dict[str, Any]") -> None:
    """Print one JSON document on one line, with the fields that were received and no defaults."""
    if isinstance(document, dict):
        text = json.dumps(document, ensure_ascii=False)
    else:
        text = document.model_dump_json(exclude_unset=True)
    click.echo(printable_json(text))


def show_fields(*fields: tuple[str, str]) -> None:
    """Print names with their values, one pair a line."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    for field in fields:
        table.add_row(*map(printable, field))
    _console().print(table)


def show_status(status: "AsyncRequestStatus", records: Iterable["ErrorRecord"] = ()) -> None:
    """Print a request's status and its stored error records as a table."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Async request", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_row("request_id", printable(status.request_id))
    table.add_row("status", Text(status.status, _COLOURS.get(status.status, "red")))
    table.add_row("webhook_status", status.webhook_status)
    owner_id = status.chain_id or status.model_id or ""
    table.add_row("chain_id" if status.chain_id else "model_id", printable(owner_id))
    table.add_row("deployment_id", printable(status.deployment_id))
    table.add_row("created_at", f"{status.created_at:%Y-%m-%d %H:%M:%S.%f %Z}")
    table.add_row("status_at", f"{status.status_at:%Y-%m-%d %H:%M:%S.%f %Z}")
    for error in status.errors:
        table.add_row(Text("error", "bold red"), printable(f"{error.code}: {error.message}"))
    for record in records:
        table.add_row(Text("stored error", "bold red"), Text(f"{record}\n{printable(record.url)}"))
    _console().print(table)


def show_result(result: "StoredResult") -> None:
    """Print a stored result, and a table of its artifacts."""
    from rich.highlighter import JSONHighlighter
    from rich.text import Text

    console = _console()
    document = json.dumps(json.loads(result.model_dump_json()), ensure_ascii=False, indent=2)
    console.print(JSONHighlighter()(Text(printable_json(document))), soft_wrap=True)
    if result.truss_outputs.artifacts:
        _show_artifacts(console, result.truss_outputs.artifacts)


def _show_artifacts(console: "Console", artifacts: Iterable["StoredArtifact"]) -> None:
    from rich.table import Table

    table = Table(title="Artifacts", title_justify="left")
    table.add_column("name", style="bold")
    table.add_column("type")
    table.add_column("bytes", justify="right")
    for artifact in artifacts:
        table.add_row(printable(artifact.name), printable(artifact.content_type), f"{artifact.size:,}")
    console.print(table)


@contextmanager
def progress(text: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner on stderr, if that is a terminal, and yield a function that changes its text."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    with _console(stderr=True).status(printable(text)) as spinner:
        yield lambda text: spinner.update(printable(text))


def note(text: str) -> None:
    """Print a remark for people on stderr."""
    click.echo(f"truss-async: {printable(text)}", err=True)


def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    width = None if stderr else _UNBROKEN
    return Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)
