"""A caller's connection, from bytes to calls: uvicorn's, with bounds for a call's head and for its arrival.

What is no call at all has an answer in the platform's words too.
"""

import asyncio
import sys
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from async_emulator.api.app import InferenceApi
from async_emulator.api.errors import CallRefused

HEAD_LIMIT = 65_536
"""The most bytes of a call's path and headers. Our choice: uvicorn's other parser has this limit."""

_LINGER_SECONDS = 1.0
"""How long more of a refused call is taken. Our choice."""


class _Missing(Enum):
    """The part of a call that has begun to arrive and is not complete."""

    HEAD = auto()
    BODY = auto()


class CallerConnection(HttpToolsProtocol):
    """One connection to InferenceApi, the application that uvicorn runs."""

    arrival_seconds = 60.0
    """How long a call may take from its first byte to its last, on the machine's own clock. Our choice."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if not isinstance(self.config.app, InferenceApi):
            raise TypeError("only the inference API answers callers")
        self._api = self.config.app
        self._missing: _Missing | None = None
        self._head_bytes = 0
        self._is_refused = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """A caller has connected."""
        super().connection_made(transport)
        self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._stop_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a piece of a call, or of several."""
        if self._is_refused:
            return
        if self._missing is _Missing.HEAD:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_refused:
            return
        if self._missing is _Missing.HEAD and self._head_bytes > HEAD_LIMIT:
            self._refuse(_head_too_large())
        elif self._missing or not self._is_answering:
            self._start_deadline()
        else:
            self._stop_deadline()

    def on_message_begin(self) -> None:
        """The first byte of a call has arrived."""
        self._missing = _Missing.HEAD
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head of a call has arrived."""
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_LIMIT:
            raise _head_too_large()  # httptools ends with it, and so calls send_400_response
        self._missing = _Missing.BODY
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The whole call has arrived."""
        self._missing = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or more of it than is taken."""
        error = sys.exception()  # httptools keeps what a callback has raised as the context of its own
        cause = error.__context__ if error else None
        self._refuse(cause if isinstance(cause, CallRefused) else CallRefused(HTTPStatus.BAD_REQUEST, msg))

    @property
    def _is_answering(self) -> bool:
        # uvicorn has no cycle before the first call, whatever its types say.
        return bool(self.cycle) and not self.cycle.response_complete

    def _start_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.arrival_seconds, self._arrives_too_late)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _arrives_too_late(self) -> None:
        self._deadline = None
        is_behind_another = self._missing is not _Missing.BODY and self._is_answering
        if self.flow.read_paused or is_behind_another:
            self._start_deadline()  # we do not read at the moment: the caller cannot help it
        elif self._missing is None or (self._missing is _Missing.BODY and self.cycle.response_started):
            self.transport.close()  # nothing was asked, or it has been answered
        else:
            message = f"the call did not arrive within {self.arrival_seconds:g} s"
            self._refuse(CallRefused(HTTPStatus.REQUEST_TIMEOUT, message))

    def _refuse(self, refusal: CallRefused) -> None:
        """Write the whole answer, and end the connection.

        What still comes is thrown away for a moment: otherwise a caller that is sending loses the answer.
        """
        self._is_refused = True
        self._stop_deadline()
        if self._is_answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        answer = self._api.answer_to(refusal)
        lines = [f"HTTP/1.1 {answer.status_code} {HTTPStatus(answer.status_code).phrase}".encode()]
        lines += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join([*lines, b"connection: close", b"", bytes(answer.body)]))
        self.transport.write_eof()
        self.flow.resume_reading()
        self._deadline = self.loop.call_later(_LINGER_SECONDS, self.transport.close)


def _head_too_large() -> CallRefused:
    message = f"the path and the headers have more than {HEAD_LIMIT} bytes"
    return CallRefused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, message)
