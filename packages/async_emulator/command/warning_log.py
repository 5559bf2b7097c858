"""Shows the warnings and errors that this process logs, which quote models, callers and receivers."""

import logging
from typing import Any

from async_inference.printable import printable


def show_warnings() -> None:
    """Show them on stderr from now on, each on one line, with its traceback indented below."""
    handler = logging.StreamHandler()
    handler.setFormatter(PrintableFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class PrintableFormatter(logging.Formatter):
    """Nothing that is logged can begin a line of its own choice, or steer a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the message on one line."""
        return printable(super().formatMessage(record))

    def formatException(self, error: Any) -> str:
        """Return the traceback, each line indented."""
        lines = super().formatException(error).splitlines()
        return "\n".join(f"  {printable(line)}" for line in lines)
