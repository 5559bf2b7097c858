"""The lines of a run: one for each row, and a summary."""

import json
from collections.abc import Iterator, Sequence

from async_conformance.plan import Plan
from async_conformance.report import Report
from async_conformance.row import Row
from async_conformance.verdict import Outcome, Verdict

_SHOWN = 160


def row_lines(row: Row, verdict: Verdict) -> Iterator[str]:
    """The line of a row, and one for each fact that differs."""
    remark = f": {verdict.reason}" if verdict.reason else ""
    unpublished = " (unpublished)" if row.is_unpublished else ""
    yield f"{verdict.outcome:<10} {row.name}{unpublished}{remark}"
    for name, (expected, seen) in verdict.differences.items():
        yield f"{'':<10}   {name}: expected {_in_short(expected)}, seen {_in_short(seen)}"


def summary(report: Report, rows: Sequence[Row]) -> str:
    """How many of these rows ended how."""
    counts = ", ".join(f"{report.count(outcome, rows)} {outcome}" for outcome in Outcome)
    return f"{counts}; {report.calls:,} calls"


def announcement(plan: Plan) -> str:
    """What the run is about to do."""
    minutes = max(1, round(plan.seconds / 60))
    return (
        f"{len(plan.rows)} rows, at most {plan.calls:,} calls, about {minutes} min; requests are queued and "
        "run by the conformance Truss, which is billed as any use of it"
    )


def _in_short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
