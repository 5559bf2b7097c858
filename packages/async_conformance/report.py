"""The report: the verdict of every row, and the settings of the emulator that follow from them.

It is written after each verdict, so that an interrupted run can go on. It never holds a key, an input, an
output or the url of a webhook.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from async_conformance.row import Row
from async_conformance.verdict import Outcome, Verdict
from async_inference.errors import InvalidSetting

FORMAT = 1
"""The format of reports; a change that an older version cannot read is a new one."""


class ReportedRow(BaseModel):
    """A row of the report; see Verdict."""

    model_config = ConfigDict(frozen=True)

    word: str
    outcome: Outcome
    is_unpublished: bool = False
    expected: dict[str, Any] = {}
    seen: dict[str, Any] = {}
    reason: str = ""
    settings: dict[str, int | bool] = {}


class Report(BaseModel):
    """What runs have found so far. `target` is the url of the submits; rows stand under their names.

    It is finished once every row has been decided on, be it that it is not tried.
    """

    format: Literal[1] = 1
    target: str
    started_at: datetime
    is_finished: bool = False
    calls: int = 0
    rows: dict[str, ReportedRow] = {}

    def add(self, row: Row, verdict: Verdict) -> None:
        """Add the verdict of a row, or replace it."""
        self.rows[row.name] = ReportedRow(
            word=row.word,
            outcome=verdict.outcome,
            is_unpublished=row.is_unpublished,
            expected=dict(verdict.expected),
            seen=dict(verdict.seen),
            reason=verdict.reason,
            settings=dict(verdict.settings),
        )

    def is_known(self, row: Row) -> bool:
        """Whether the row has been tried."""
        found = self.rows.get(row.name)
        return found is not None and found.outcome is not Outcome.NOT_TRIED

    def count(self, outcome: Outcome, rows: Iterable[Row]) -> int:
        """Return how many of these rows ended like this."""
        return sum(self.rows[row.name].outcome is outcome for row in rows if row.name in self.rows)

    @property
    def settings(self) -> Mapping[str, int | bool]:
        """The options of the emulator with which it does what was seen."""
        return {name: value for row in self.rows.values() for name, value in row.settings.items()}

    def write(self, path: Path) -> None:
        """Replace the file as a whole. Raises InvalidSetting where that is not possible."""
        unfinished = path.with_name(f".{path.name}.part")
        try:
            unfinished.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
            unfinished.replace(path)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink()
            raise InvalidSetting(
                f"report {path}", f"cannot be written: {error.strerror}: give another --report"
            ) from error


def read_report(path: Path) -> Report:
    """Read a report. Raises InvalidSetting, in one line, where there is none that this version can read."""
    where = f"report {path}"
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise InvalidSetting(where, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidSetting(where, "is not JSON, so it is no report of 'truss-async conformance'") from error
    found = content.get("format") if isinstance(content, dict) else None
    if found is None:
        raise InvalidSetting(where, "is no report of 'truss-async conformance'")
    if found != FORMAT:
        raise InvalidSetting(where, f"has format {str(found)[:20]}, and this version reads {FORMAT}")
    try:
        return Report.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise InvalidSetting(where, f"is broken: {place}: {first['msg']}") from error
