"""The error records that a request's failed attempts stored, for a command's output."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from async_inference.printable import printable

if TYPE_CHECKING:
    from truss_outputs.store import Store

_MOST = 50  # a request has at most 10 attempts, each with one record
_LONGEST = 1_000_000  # bytes; a record is a few kilobytes


@dataclass(frozen=True, kw_only=True)
class ErrorRecord:
    """One record. `time`, `code` and `exception` are None where it is corrupt; `message` then says so."""

    url: str
    message: str
    time: datetime | None = None
    code: str | None = None
    exception: str | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.code else self.message

    def as_json(self) -> dict[str, Any]:
        """Return the record for `--json`."""
        time = self.time.isoformat() if self.time else None
        return {
            "url": self.url,
            "time": time,
            "code": self.code,
            "message": self.message,
            "exception": self.exception,
        }


class RecordedFailure(Exception):
    """An error of a command about a request whose failed attempts left records, oldest first."""

    def __init__(self, error: Exception, records: list[ErrorRecord]) -> None:
        self.error = error
        self.records = records
        last = records[-1]
        super().__init__(f"{error}; the last attempt stored its reason: {last} ({last.url})")


@contextmanager
def recorded_failures(store: "Store", request_id: str) -> Iterator[None]:
    """Add the request's error records to an error that ends the block. Raises RecordedFailure."""
    from async_inference.errors import NotFound, RequestFailed, ResultMissing, WaitTimeout
    from truss_outputs.errors import ObjectNotFound, OutputError

    try:
        yield
    except (NotFound, ObjectNotFound, RequestFailed, ResultMissing, WaitTimeout) as error:
        try:
            records = read_error_records(store, request_id)
        except OutputError:  # what the command met matters more
            raise error from None
        if not records:
            raise
        raise RecordedFailure(error, records) from error


def read_error_records(store: "Store", request_id: str) -> list[ErrorRecord]:
    """Read the request's records, oldest first, corrupt ones before all others. Raises OutputError."""
    from truss_outputs.keys import request_folder
    from truss_outputs.results.failures import FOLDER

    entries = store.list(f"{request_folder(request_id)}/{FOLDER}/")
    records = [_record(store, entry.key, entry.size) for entry in islice(entries, _MOST)]
    return sorted(records, key=lambda record: record.time.timestamp() if record.time else 0.0)


def _record(store: "Store", key: str, size: int) -> ErrorRecord:
    from pydantic import ValidationError

    from truss_outputs.results.failures import StoredFailure

    url = store.url_of(key)
    corrupt = ErrorRecord(url=url, message="the error record cannot be read")
    if size > _LONGEST:
        return corrupt
    try:
        failure = StoredFailure.model_validate_json(store.get(key))
    except ValidationError:
        return corrupt
    reason = failure.errors[0] if failure.errors else None
    return ErrorRecord(
        url=url,
        time=failure.time,
        code=_shown(reason.code) if reason else None,
        message=_shown(reason.message) if reason else "no reason was recorded",
        exception=_shown(failure.truss_outputs.exception),
    )


def _shown(text: str) -> str:
    """Return the text on one line, as a terminal may show it."""
    return printable(" ".join(text.split()))
