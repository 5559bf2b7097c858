"""Shows each verdict, and writes it into the report at once."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import click

from async_conformance.display import row_lines
from async_conformance.report import Report
from async_conformance.row import Row
from async_conformance.verdict import Verdict
from async_inference.cli import display


class Reporter:
    """Watches a run. In its `with`, a terminal shows the row that runs. `is_quiet`: no verdict is shown."""

    def __init__(self, report: Report, path: Path, *, is_quiet: bool) -> None:
        self._report = report
        self._path = path
        self._is_quiet = is_quiet
        self._progress = ExitStack()

    def __enter__(self) -> Self:
        self._show = self._progress.enter_context(display.progress("waiting for the model"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.close()

    def began(self, row: Row) -> None:
        """See Watcher."""
        self._show(row.name)

    def ended(self, row: Row, verdict: Verdict) -> None:
        """See Watcher."""
        self._report.add(row, verdict)
        self._report.write(self._path)
        if not self._is_quiet:
            for line in row_lines(row, verdict):
                click.echo(line)
