"""The request log: one line for each change of a request's status."""

import asyncio
from collections.abc import Callable, Sequence

from async_emulator.queue.request import AsyncRequest

_INTERVAL_SECONDS = 0.02
"""How long lines are gathered. Each write wakes the reader of the log, which costs much under load."""


def request_line(before: AsyncRequest | None, after: AsyncRequest) -> str:
    """Describe a change in `name=value` fields; `seconds` is how long the previous status lasted."""
    fields = [f"request_id={after.request_id}", f"deployment_id={after.deployment_id}"]
    if before is not None:
        seconds = (after.status_at - before.status_at).total_seconds()
        fields += [f"from={before.status}", f"seconds={seconds:.3f}"]
    fields += [f"status={after.status}", f"webhook_status={after.webhook_status}"]
    if after.errors:
        fields.append(f"errors={','.join(error.code for error in after.errors)}")
    return f"request | {' '.join(fields)}"


class RequestLog:
    """Watches a queue, and passes the lines of a moment to `emit` together. `flush` it at the end."""

    def __init__(self, emit: Callable[[Sequence[str]], None]) -> None:
        self._emit = emit
        self._lines: list[str] = []

    def status_changed(self, before: AsyncRequest | None, after: AsyncRequest) -> None:
        """Log the change."""
        if not self._lines:
            asyncio.get_running_loop().call_later(_INTERVAL_SECONDS, self.flush)
        self._lines.append(request_line(before, after))

    def flush(self) -> None:
        """Write the gathered lines."""
        lines, self._lines = self._lines, []
        if lines:
            self._emit(lines)
