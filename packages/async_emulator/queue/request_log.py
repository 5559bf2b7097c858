"""The log of what becomes of requests: one line for each change of a status."""

import asyncio
from collections.abc import Callable

from async_emulator.queue.request import AsyncRequest

_INTERVAL_SECONDS = 0.02
"""How long lines are gathered: each write wakes whoever reads the log, and under load costs much."""


def request_line(before: AsyncRequest | None, after: AsyncRequest) -> str:
    """What happened, in names and values; `seconds` is how long the status before lasted."""
    fields = [f"request_id={after.request_id}", f"deployment_id={after.deployment_id}"]
    if before is not None:
        seconds = (after.status_at - before.status_at).total_seconds()
        fields += [f"from={before.status}", f"seconds={seconds:.3f}"]
    fields += [f"status={after.status}", f"webhook_status={after.webhook_status}"]
    if after.errors:
        fields.append(f"errors={','.join(error.code for error in after.errors)}")
    return f"request | {' '.join(fields)}"


class RequestLog:
    """Gives `emit` the lines of a moment in one piece: under load there are many. `flush` it at the end."""

    def __init__(self, emit: Callable[[str], None]) -> None:
        self._emit = emit
        self._lines: list[str] = []

    def __call__(self, before: AsyncRequest | None, after: AsyncRequest) -> None:
        """Log a change."""
        if not self._lines:
            asyncio.get_running_loop().call_later(_INTERVAL_SECONDS, self.flush)
        self._lines.append(request_line(before, after))

    def flush(self) -> None:
        """Write what has been gathered."""
        lines, self._lines = self._lines, []
        if lines:
            self._emit("\n".join(lines))
