"""Observes each attempt at storing a result, and reports it as a log record, a span and metrics."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeVar

from truss_outputs.deadline import Deadline
from truss_outputs.errors import InvalidRequestId, OutputError, is_refusal
from truss_outputs.keys import request_folder
from truss_outputs.request_id import HasHeaders
from truss_outputs.results.uploads import Upload
from truss_outputs.results.write_observer import WriteObserver
from truss_outputs.settings.secrets import KnownSecrets
from truss_outputs.telemetry.metrics import result_metrics
from truss_outputs.telemetry.result_record import (
    ResultOutcome,
    ResultRecord,
    log,
    reason_of,
    shown,
)
from truss_outputs.telemetry.spans import StoreSpan, store_span
from truss_outputs.telemetry.trace_context import traceparent_of

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Telemetry:
    """Reports the results of one `ModelOutputs`. Nothing that goes wrong in it reaches the request."""

    def __init__(self, secrets: KnownSecrets) -> None:
        self._secrets = secrets
        result_metrics()  # now, so that the series are there, at 0, before the first result

    def storing(self, request: HasHeaders | None) -> "Storing":
        """Observe an attempt: a context manager around all of it."""
        return Storing(request, self._secrets)

    def skipped(
        self, request: HasHeaders | None, request_id: str, *, attempt: str, url: str, seconds: float
    ) -> None:
        """Report that the request's result, of `attempt`, was found in `seconds`, and the model not run."""
        span = _safely(store_span, traceparent_of(request), request)
        record = ResultRecord(
            outcome=ResultOutcome.SKIPPED, request_id=request_id, attempt=attempt, url=url, seconds=seconds
        )
        _report(record, span)


class Storing(WriteObserver):
    """One attempt at storing a result. Set `request_id` once it is known."""

    request_id: object = None
    _attempt: str | None = None
    _uploads: Sequence[Upload] = ()
    _deadline: Deadline | None = None
    _document_size = 0
    _url: str | None = None
    _outcome = ResultOutcome.FAILED
    _span: StoreSpan | None = None

    def __init__(self, request: HasHeaders | None, secrets: KnownSecrets) -> None:
        self.traceparent = traceparent_of(request)
        self._request = request
        self._secrets = secrets

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        self._span = _safely(store_span, self.traceparent, self._request)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _safely(self._end, error, time.perf_counter() - self._started)

    def uploading(self, attempt: str, uploads: Sequence[Upload], deadline: Deadline) -> None:
        """The attempt's output is encoded, and its artifacts go up."""
        self._attempt, self._uploads, self._deadline = attempt, uploads, deadline
        if uploads:
            self._begin("upload")

    def committing(self, document: bytes) -> None:
        """The artifacts are stored, and `result.json` goes up."""
        self._document_size = len(document)
        self._begin("commit")

    def decided(self, url: str, *, has_won: bool) -> None:
        """The request has a result, at `url`: this attempt's, or another's."""
        self._url, self._outcome = url, ResultOutcome.WON if has_won else ResultOutcome.LOST

    def _begin(self, part: str) -> None:
        if self._span is not None:
            _safely(self._span.begin, part)

    def _end(self, raised: BaseException | None, seconds: float) -> None:
        _report(self._record(raised, seconds), self._span)

    def _record(self, raised: BaseException | None, seconds: float) -> ResultRecord:
        error = raised if self._outcome is ResultOutcome.FAILED else None
        if error is not None and isinstance(error.__cause__, OutputError):
            error = error.__cause__  # an HTTPException is how Truss is told of it
        stored = [each.receipt.size for each in self._uploads if each.receipt is not None]
        # A wrong destination is refused by Truss's HTTPException, which has the status alone.
        status = getattr(raised, "status_code", None)
        is_refused = error is not None and (is_refusal(error) or (isinstance(status, int) and status < 500))
        has_won = self._outcome is ResultOutcome.WON
        return ResultRecord(
            outcome=self._outcome,
            request_id=_shown_id(self.request_id),
            attempt=self._attempt,
            url=self._url,
            size=sum(stored) + (self._document_size if has_won else 0),
            artifacts=len(stored),
            seconds=seconds,
            tries=1 + (self._deadline.retries if self._deadline else 0),
            error=None if error is None else type(error).__name__,
            reason=None if error is None else reason_of(error, self._secrets.values()),
            is_refusal=is_refused,
        )


def _report(record: ResultRecord, span: StoreSpan | None) -> None:
    if (metrics := result_metrics()) is not None:
        _safely(metrics.count, record)
    _safely(log, record)
    if span is not None:
        _safely(span.end, record)


def _safely(step: Callable[..., T], *arguments: object) -> T | None:
    """Take the step. The result matters more, so an error in it is only logged."""
    try:
        return step(*arguments)
    except Exception as trouble:
        with suppress(Exception):  # where it was logging that failed
            _log.warning("a result is not fully reported: %s", type(trouble).__name__)
        return None


def _shown_id(request_id: object) -> str | None:
    """Return the id as the store has it, or one that the store refuses, made safe to show."""
    if request_id is None:
        return None
    try:
        return request_folder(request_id)
    except InvalidRequestId:
        return shown(request_id)
