"""One attempt at storing a result, as one log record."""

import json
import logging
import re
from enum import StrEnum
from typing import NamedTuple

from truss_outputs.errors import StoreError
from truss_outputs.results.error_reason import text_of
from truss_outputs.results.redaction import redacted

_log = logging.getLogger("truss_outputs.results")

_PLAIN = re.compile(r'[^\s="]+').fullmatch

# A caller's id that is refused may be of any length, and so may a store's answer.
_LONGEST_TEXT = 500


class ResultOutcome(StrEnum):
    """How an attempt at storing a result ended."""

    WON = "won"
    """The request's result is this attempt's."""
    LOST = "lost"
    """Another attempt's result was there already, and stands."""
    FAILED = "failed"
    """This attempt stored no result."""
    SKIPPED = "skipped"
    """The result was there before the model ran, so it did not run."""


class ResultRecord(NamedTuple):
    """An attempt at storing a result, after its end. It holds neither output nor secret.

    `size` is the number of bytes that the store took, in `artifacts` objects and `result.json`; `seconds` the
    time that storing took; `tries` 1, and one more for each request to the store that was sent again (what
    a store's SDK sends again by itself is not seen). `request_id` and `attempt` are None where the attempt
    failed before it had them. `error` names the class of the exception; `reason` is the store's answer;
    `is_refusal` says that the output or the request was refused, and not that the store failed.
    """

    outcome: ResultOutcome
    request_id: str | None
    attempt: str | None
    url: str | None = None
    size: int = 0
    artifacts: int = 0
    seconds: float = 0.0
    tries: int = 1
    error: str | None = None
    reason: str | None = None
    is_refusal: bool = False

    def fields(self) -> dict[str, str | int | float | None]:
        """Return the fields under the names that they have in the log."""
        return {
            "outcome": self.outcome.value,
            "request_id": self.request_id,
            "attempt": self.attempt,
            "bytes": self.size,
            "artifacts": self.artifacts,
            "seconds": round(self.seconds, 6),
            "tries": self.tries,
            "url": self.url,
            "error": self.error,
            "reason": self.reason,
        }


def log(record: ResultRecord) -> None:
    """Log the record on one line of `key=value`, its fields as attributes of the log record too.

    The level is INFO; for a failure ERROR, or WARNING where the output or the request was refused.
    """
    level = logging.INFO
    if record.outcome is ResultOutcome.FAILED:
        level = logging.WARNING if record.is_refusal else logging.ERROR
    if not _log.isEnabledFor(level):
        return
    fields = record.fields()
    line = " ".join([f"{name}={_quoted(value)}" for name, value in fields.items() if value is not None])
    try:
        _log.log(level, "%s", line, extra=fields)
    except KeyError:  # a log record of this process has an attribute of such a name already
        _log.log(level, "%s", line)


def shown(text: object) -> str:
    """Return `text` short and on one line: what does not print is escaped."""
    found = text_of(text)
    found = found if len(found) <= _LONGEST_TEXT else f"{found[:_LONGEST_TEXT]}…"
    if found.isprintable():
        return found
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in found)


def reason_of(error: BaseException, secrets: frozenset[str]) -> str | None:
    """Return the store's answer without secrets. Other errors may quote the output: None."""
    return shown(redacted(error.reason, secrets)) if isinstance(error, StoreError) else None


def _quoted(value: str | int | float) -> str | int | float:
    if isinstance(value, str) and not _PLAIN(value):
        return json.dumps(value, ensure_ascii=False)
    return value
