"""Makes the model server's log readable.

The server logs lines of JSON, and a model's own output comes as it is. Access lines are left out: the request
log replaces them.
"""

import json
from collections.abc import Callable

_ACCESS = b"Handled request"


class ModelLog:
    """Takes the server's output in pieces of any size, and passes it to `emit` line by line.

    `name` precedes each line.
    """

    def __init__(self, emit: Callable[[str], None], name: str = "model") -> None:
        self._emit = emit
        self._name = name
        self._rest = b""
        self.last_error = ""

    def feed(self, output: bytes) -> None:
        """Take a piece of output."""
        *lines, self._rest = (self._rest + output).split(b"\n")
        for line in lines:
            self._line(line)

    def end(self) -> None:
        """The output has ended: emit an unfinished line."""
        if self._rest:
            self._line(self._rest)
        self._rest = b""

    def _line(self, line: bytes) -> None:
        if _ACCESS in line:
            return
        text = line.decode(errors="replace").rstrip()
        record = _record(text)
        if record is None:
            self._emit(f"{self._name} | {text}")
            return
        request_id = record.get("request_id")
        subject = f" [{request_id}]" if request_id else ""
        self._emit(f"{self._name} | {record.get('levelname', '')}{subject} {record['message']}")
        if traceback := record.get("exc_info"):
            for traceback_line in str(traceback).splitlines():
                self._emit(f"{self._name} | {traceback_line}")
            self.last_error = str(traceback).strip().splitlines()[-1]


def _record(text: str) -> dict[str, object] | None:
    if not text.startswith("{"):
        return None
    try:
        record = json.loads(text)
    except json.JSONDecodeError:
        return None
    return record if isinstance(record, dict) and "message" in record else None
