"""Which rows a run tries, and why it does not try the others. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

from async_conformance.row import Need, Row

AT_ONCE = 4
"""Rows that run at the same time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The rows to run, in their order, and the reasons of those that are not tried."""

    rows: tuple[Row, ...]
    left_out: tuple[tuple[Row, str], ...]

    @classmethod
    def of(cls, rows: Iterable[Row], *, have: Collection[Need], max_calls: float, max_seconds: float) -> Self:
        """Take every row that has what it needs, as long as calls and time suffice."""
        taken: list[Row] = []
        left_out: list[tuple[Row, str]] = []
        calls, seconds = 0, 0.0
        for row in rows:
            if missing := [need for need in Need if need in row.needs and need not in have]:
                left_out.append((row, f"it needs {missing[0]}"))
            elif calls + row.calls > max_calls:
                left_out.append((row, f"it takes {row.calls:,} calls: give more --max-calls"))
            elif seconds + _share(row) > max_seconds:
                left_out.append((row, f"it takes {row.seconds / 60:.1f} minutes: give more --max-minutes"))
            else:
                taken.append(row)
                calls += row.calls
                seconds += _share(row)
        return cls(rows=tuple(taken), left_out=tuple(left_out))

    @property
    def calls(self) -> int:
        """The calls that it takes, at most."""
        return sum(row.calls for row in self.rows)

    @property
    def seconds(self) -> float:
        """The time that it takes, about."""
        return sum(map(_share, self.rows))


def _share(row: Row) -> float:
    """The row's share of the run's time."""
    return row.seconds if row.is_alone else row.seconds / AT_ONCE
