"""OpenTelemetry spans of one attempt at storing a result, through the API alone.

    truss_outputs.store              encoding included
    ├── truss_outputs.store.upload   the artifacts; absent without one
    └── truss_outputs.store.commit   result.json

The parent is the span that is active in the hook. Truss hides its own from hooks, so where there is none it
is the caller's, from the `traceparent` header. Without a tracer provider, no span is made.
"""

import sys
from typing import TYPE_CHECKING, Any

from truss_outputs.request_id import HasHeaders
from truss_outputs.telemetry.result_record import ResultOutcome, ResultRecord
from truss_outputs.telemetry.trace_context import TRACEPARENT_HEADER, TRACESTATE_HEADER

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

STORE = "truss_outputs.store"


class StoreSpan:
    """The span of one attempt, and of its current part. Both are the active ones while they last.

    Use it from one thread: the uploads' threads take the active span over from there.
    """

    def __init__(self, tracer: "Tracer", parent: "Context | None") -> None:
        self._tracer = tracer
        self._span, self._token = _started(tracer, STORE, parent)
        self._part: tuple[Span, Token[Context]] | None = None

    def begin(self, part: str) -> None:
        """End the current part, if there is one, and begin another."""
        self._end_part()
        self._part = _started(self._tracer, f"{STORE}.{part}")

    def end(self, record: ResultRecord) -> None:
        """End the spans. An exception is not recorded: it may hold a signed request."""
        from opentelemetry.trace import StatusCode

        try:
            self._span.set_attributes(_attributes(record))
            if record.outcome is ResultOutcome.FAILED:
                why = record.reason or record.error
                self._span.set_status(StatusCode.ERROR, why)
                if self._part is not None:
                    self._part[0].set_status(StatusCode.ERROR, why)
        finally:
            self._end_part()
            _end(self._span, self._token)

    def _end_part(self) -> None:
        if self._part is not None:
            _end(*self._part)
            self._part = None


def store_span(traceparent: str | None, request: HasHeaders | None) -> StoreSpan | None:
    """Begin the span of an attempt; None where this process has no tracer provider.

    `traceparent` is the caller's, and valid.
    """
    # A provider can only be set by code that has imported this module. An import here would cost each result
    # as much as all the rest of this function.
    trace: Any = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    provider = trace.get_tracer_provider()
    if type(provider) in (trace.ProxyTracerProvider, trace.NoOpTracerProvider):  # there is none
        return None
    parent = None
    if traceparent is not None and not trace.get_current_span().get_span_context().is_valid:
        parent = _caller(traceparent, request)
    return StoreSpan(provider.get_tracer("truss_outputs"), parent)


def _caller(traceparent: str, request: HasHeaders | None) -> "Context":
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    state = "" if request is None else request.headers.get(TRACESTATE_HEADER, "")
    return TraceContextTextMapPropagator().extract(
        {TRACEPARENT_HEADER: traceparent, TRACESTATE_HEADER: state}
    )


def _started(tracer: "Tracer", name: str, parent: "Context | None" = None) -> "tuple[Span, Token[Context]]":
    from opentelemetry import context, trace

    span = tracer.start_span(name, parent, record_exception=False, set_status_on_exception=False)
    return span, context.attach(trace.set_span_in_context(span))


def _end(span: "Span", token: "Token[Context]") -> None:
    from opentelemetry import context

    context.detach(token)
    span.end()


def _attributes(record: ResultRecord) -> dict[str, Any]:
    named = {
        f"truss_outputs.{name}": value
        for name, value in record.fields().items()
        if value is not None and name not in ("seconds", "error", "reason")  # the span has these itself
    }
    # opentelemetry.io/docs/specs/semconv/registry/attributes/error
    return {**named, "error.type": record.error} if record.error else named
