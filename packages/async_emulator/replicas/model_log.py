"""Makes the model server's log readable.

The server logs lines of JSON, and a model's own output comes as it is. Access lines are left out: the request
log replaces them.
"""

import json
from collections.abc import Callable, Sequence

_ACCESS = b"Handled request"
_LINE_LIMIT = 1_048_576
"""The most bytes of a line that are kept. Our choice."""


class ModelLog:
    """Takes the server's output in pieces of any size, and passes the lines of each piece to `emit`.

    `name` precedes each line, and each part of a line that a terminal would show as a line.
    """

    def __init__(self, emit: Callable[[Sequence[str]], None], name: str = "model") -> None:
        self._emit = emit
        self._name = name
        self._rest = bytearray()
        self._left_out = 0
        self.last_error = ""

    def feed(self, output: bytes) -> None:
        """Take a piece of output."""
        first, *lines = output.split(b"\n")
        self._keep(first)
        if lines:
            shown = self._end_line()
            for line in lines[:-1]:
                shown += self._shown(line)
            self._keep(lines[-1])
            if shown:
                self._emit(shown)

    def end(self) -> None:
        """The output has ended: emit an unfinished line."""
        if self._rest and (shown := self._end_line()):
            self._emit(shown)

    def _keep(self, piece: bytes) -> None:
        """Take a piece of a line that has not ended, as far as it is shown."""
        kept = piece[: _LINE_LIMIT - len(self._rest)]
        self._rest += kept
        self._left_out += len(piece) - len(kept)

    def _end_line(self) -> list[str]:
        shown = self._shown(bytes(self._rest))
        if self._left_out:
            shown.append(f"{self._name} | … {self._left_out:,} more bytes of this line are left out")
        self._rest.clear()
        self._left_out = 0
        return shown

    def _shown(self, line: bytes) -> list[str]:
        is_record = line.startswith(b"{")
        if is_record and _ACCESS in line:
            return []
        text = line.decode(errors="replace").rstrip()
        record = _record(text) if is_record else None
        if record is None:
            return [f"{self._name} | {part}" for part in text.splitlines() or [""]]
        request_id = _text(record, "request_id")
        subject = f" [{request_id}]" if request_id else ""
        parts = f"{_text(record, 'levelname')}{subject} {_text(record, 'message')}".splitlines()
        if traceback := _text(record, "exc_info").splitlines():
            parts += traceback
            self.last_error = traceback[-1]
        return [f"{self._name} | {part}" for part in parts]


def _record(text: str) -> dict[str, object] | None:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):  # a number of too many digits; too deep
        return None
    return record if isinstance(record, dict) and isinstance(record.get("message"), str) else None


def _text(record: dict[str, object], key: str) -> str:
    value = record.get(key)
    return value.rstrip() if isinstance(value, str) else ""
