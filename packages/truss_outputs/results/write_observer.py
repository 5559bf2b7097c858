"""Whoever wants to know how a write goes."""

from collections.abc import Sequence

from truss_outputs.deadline import Deadline
from truss_outputs.results.uploads import Upload


class WriteObserver:
    """Is told of each step of one write, in the writer's thread. This one ignores them."""

    traceparent: str | None = None
    """The caller's trace, which the result will name."""

    def uploading(self, attempt: str, uploads: Sequence[Upload], deadline: Deadline) -> None:
        """The attempt's output is encoded; its artifacts, if it has any, are sent now."""

    def committing(self, document: bytes) -> None:
        """The artifacts are stored; `document`, the result, is sent now."""

    def decided(self, url: str, *, has_won: bool) -> None:
        """The request's result is at `url`: this attempt's, or another's that was there already."""
