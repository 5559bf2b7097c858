"""An async request as a row of the durable queue's table, and back. Times are microseconds since 1970.

The columns follow from the fields of AsyncRequest: a new field needs a migration, and nothing here unless its
type is new too.
"""

import dataclasses
import itertools
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from types import NoneType
from typing import Any

from async_emulator.errors import UnreadableRequest
from async_emulator.queue.request import AsyncRequest, RequestChanges
from async_inference.codes import RequestStatus

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(time: datetime) -> int:
    """Return the time as the table holds it."""
    return (time - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the time that the table holds."""
    return _EPOCH + timedelta(microseconds=micros)


def _to_errors(errors: Sequence[Any]) -> str:
    return json.dumps([error.model_dump() for error in errors]) if errors else "[]"


def _from_errors(text: str) -> tuple[Any, ...]:
    if text == "[]":
        return ()
    from async_inference.wire import AsyncRequestError  # imported on first use, for a quick start

    return tuple(map(AsyncRequestError.model_validate, json.loads(text)))


def _same(value: Any) -> Any:
    return value


_RETRY_COLUMNS = ("max_attempts", "initial_delay_ms", "max_delay_ms")
"""The fields of InferenceRetryConfig, a column each."""

_Codec = tuple[Callable[[Any], Any], Callable[[Any], Any]]


def _codec(field: "dataclasses.Field[Any]") -> _Codec:
    """The functions that write and read a field's column."""
    if field.name == "errors":
        return _to_errors, _from_errors
    if field.type is datetime:
        return to_micros, from_micros
    if isinstance(field.type, type) and issubclass(field.type, StrEnum):
        return attrgetter("value"), field.type
    return _same, _same


_CODECS = {
    field.name: _codec(field)
    for field in dataclasses.fields(AsyncRequest)
    if field.name not in ("model_input", "retry_config")  # the input has a table of its own
}
_WRITERS = tuple(write for write, _ in _CODECS.values())
_READERS = tuple((name, read) for name, (_, read) in _CODECS.items())
_FIELDS = attrgetter(*_CODECS)
_RETRY_FIELDS = attrgetter(*_RETRY_COLUMNS)

_CHANGEABLE = tuple(name for name in RequestChanges.__annotations__ if name in _CODECS)
_CHANGE_WRITERS = tuple(_CODECS[name][0] for name in _CHANGEABLE)
_CHANGES = attrgetter(*_CHANGEABLE)

_COLUMN_TYPES: tuple[tuple[type, ...], ...] = (
    *(
        (str, NoneType) if field.type == str | None else (int,) if field.type in (int, datetime) else (str,)
        for field in dataclasses.fields(AsyncRequest)
        if field.name in _CODECS
    ),
    *((int,) for _ in _RETRY_COLUMNS),
)
_TYPES = frozenset(itertools.product(*_COLUMN_TYPES))
"""The types of a row's values, without the input: each combination that can be read."""

COLUMNS = (*_CODECS, *_RETRY_COLUMNS)
"""The columns of a request, without its input, in the order of `to_row` and `from_row`."""

SQL_PARTS = {
    "statuses": ", ".join(f"'{status}'" for status in RequestStatus),
    "columns": ", ".join(COLUMNS),
    "values": ", ".join("?" * len(COLUMNS)),
    "changes": ", ".join(f"{name} = ?" for name in _CHANGEABLE),
}
"""The parts of statements that name these columns; see queue.sql."""


def to_row(request: AsyncRequest) -> tuple[object, ...]:
    """Return the values of COLUMNS."""
    values = [write(value) for write, value in zip(_WRITERS, _FIELDS(request), strict=True)]
    return (*values, *_RETRY_FIELDS(request.retry_config))


def to_changes(request: AsyncRequest) -> tuple[object, ...]:
    """Return the values of the columns that an event can change, and then the request's id."""
    values = [write(value) for write, value in zip(_CHANGE_WRITERS, _CHANGES(request), strict=True)]
    return (*values, request.request_id)


def from_row(row: Sequence[Any]) -> AsyncRequest:
    """Return the request that the row describes: the values of COLUMNS, and then the input.

    Raises UnreadableRequest.
    """
    from async_inference.wire import InferenceRetryConfig  # imported on first use, for a quick start

    try:
        if tuple(map(type, row[:-1])) not in _TYPES:
            raise TypeError  # for `_problem` to name the column
        fields: dict[str, Any] = {
            name: read(value) for (name, read), value in zip(_READERS, row, strict=False)
        }
        *retry_values, model_input = row[len(_READERS) :]
        retry_config = InferenceRetryConfig(**dict(zip(_RETRY_COLUMNS, retry_values, strict=True)))
        return AsyncRequest(**fields, retry_config=retry_config, model_input=model_input)
    except Exception as error:
        raise _problem(row, error) from error


def _problem(row: Sequence[Any], error: Exception) -> UnreadableRequest:
    """Name the column from which no request can be read, and why. `error` has no single column otherwise."""
    request_id = row[COLUMNS.index("request_id")]
    for name, expected, value in zip(COLUMNS, _COLUMN_TYPES, row, strict=False):
        if type(value) not in expected:
            return UnreadableRequest(request_id, name, f"found {value!r}")
    for (name, read), value in zip(_READERS, row, strict=False):
        try:
            read(value)
        except Exception as found:
            return UnreadableRequest(request_id, name, _one_line(found))
    return UnreadableRequest(request_id, ", ".join(_RETRY_COLUMNS), _one_line(error))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
