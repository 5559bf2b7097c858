"""The comparison of what a row expects with what it saw. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from async_conformance.row import Facts, Row

if TYPE_CHECKING:
    from pydantic import JsonValue


class Outcome(StrEnum):
    """How a row ended."""

    SAME = "same"
    DIFFERS = "differs"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """How a row ended. `seen` are all facts that the row saw; `reason` says why it was not tried.

    `settings` are options of the emulator with the values that the target has.
    """

    outcome: Outcome
    expected: Facts = field(default_factory=dict)
    seen: Facts = field(default_factory=dict)
    reason: str = ""
    settings: Mapping[str, int | bool] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Row, seen: Facts) -> Self:
        """Compare what was seen with what the row expects."""
        is_same = all(name in seen and seen[name] == value for name, value in row.expected.items())
        settings = {
            option: value
            for option, fact in row.settings.items()
            if isinstance(value := seen.get(fact), int)  # or a bool; a limit that was not found is neither
        }
        return cls(
            outcome=Outcome.SAME if is_same else Outcome.DIFFERS,
            expected=row.expected,
            seen=seen,
            settings=settings,
        )

    @classmethod
    def not_tried(cls, reason: str) -> Self:
        """The row says nothing about this target."""
        return cls(outcome=Outcome.NOT_TRIED, reason=" ".join(reason.split()))

    @property
    def differences(self) -> dict[str, tuple["JsonValue", "JsonValue"]]:
        """The facts that differ: what is expected, and what was seen instead; None: it was not seen."""
        return {
            name: (value, self.seen.get(name))
            for name, value in self.expected.items()
            if name not in self.seen or self.seen[name] != value
        }
