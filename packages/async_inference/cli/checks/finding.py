"""What a check finds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The outcome of one check: `problem` is None if nothing is wrong with `subject`.

    A `note` is a warning: worth knowing, but no reason to refuse the Truss.
    """

    subject: str
    problem: str | None = None
    note: str | None = None

    @property
    def is_ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem is None


def or_fine(subject: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings, or where there are none, one that says that `subject` is fine."""
    is_fine = True
    for each in findings:
        is_fine = False
        yield each
    if is_fine:
        yield Finding(subject=subject)
