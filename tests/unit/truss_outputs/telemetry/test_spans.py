"""OpenTelemetry: the spans of an attempt, their parent, and what they say of a failure."""

import contextvars
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import HTTPException
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.requests import Request
from truss_chains.remote_chainlet import utils

from tests.unit.truss_outputs.faulty_store import Fault, FaultyStore
from tests.unit.truss_outputs.model_request import REQUEST
from truss_outputs import ModelOutputs, OutputReader, StoreError, stored_failures
from truss_outputs.settings.secrets import KnownSecrets
from truss_outputs.telemetry.telemetry import Telemetry

pytestmark = pytest.mark.truss

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


@pytest.fixture(scope="session")
def exporter() -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)  # a process has one for good
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Iterator[InMemorySpanExporter]:
    exporter.clear()
    yield exporter
    assert not trace.get_current_span().get_span_context().is_valid  # none is left active


def traced(traceparent: str | None = TRACEPARENT) -> Request:
    headers = [(b"x-baseten-request-id", REQUEST.encode()), (b"tracestate", b"vendor=1")]
    if traceparent is not None:
        headers.append((b"traceparent", traceparent.encode()))
    return Request({"type": "http", "headers": headers})


def named(spans: InMemorySpanExporter) -> dict[str, Any]:
    return {span.name.removeprefix("truss_outputs."): span for span in spans.get_finished_spans()}


def test_an_attempt_is_a_span_of_the_callers_trace_with_one_for_each_part(spans, store):
    answer = ModelOutputs.of_store(store).store({"a": b"1"}, traced())
    seen = named(spans)
    assert list(seen) == ["store.upload", "store.commit", "store"]
    root = seen["store"]
    assert {span.context.trace_id for span in seen.values()} == {int(TRACE, 16)}
    assert (root.parent.span_id, root.parent.trace_state["vendor"]) == (int(PARENT, 16), "1")
    assert seen["store.upload"].parent.span_id == seen["store.commit"].parent.span_id == root.context.span_id
    assert dict(root.attributes) == {
        "truss_outputs.outcome": "won",
        "truss_outputs.request_id": REQUEST,
        "truss_outputs.attempt": answer["attempt"],
        "truss_outputs.bytes": 1 + len(store.get(f"{REQUEST}/result.json")),
        "truss_outputs.artifacts": 1,
        "truss_outputs.tries": 1,
        "truss_outputs.url": answer["url"],
    }
    assert root.status.status_code is trace.StatusCode.UNSET


def test_the_spans_of_what_the_store_uses_lie_inside(spans, store: FaultyStore):
    active: list[Any] = []

    class Watched(FaultyStore):
        def put(self, *arguments, **named):
            active.append(trace.get_current_span())
            return super().put(*arguments, **named)

    ModelOutputs.of_store(Watched()).store({"a": b"1"}, traced())
    assert [span.name for span in active] == ["truss_outputs.store.upload", "truss_outputs.store.commit"]


def test_a_span_that_is_active_already_is_the_parent(spans, store):
    with trace.get_tracer("model").start_as_current_span("predict") as span:
        ModelOutputs.of_store(store).store(1, traced())
    assert named(spans)["store"].parent.span_id == span.get_span_context().span_id
    result = OutputReader(store).load(REQUEST)
    assert result.truss_outputs.traceparent == TRACEPARENT  # the caller's all the same


def test_without_a_caller_an_attempt_begins_a_trace(spans, store):
    ModelOutputs.of_store(store).store(1, traced(None))
    assert named(spans)["store"].parent is None
    assert list(named(spans)) == ["store.commit", "store"]


def test_a_failure_is_an_error_without_exception_or_secret(spans):
    signed = f"https://x/?X-Amz-Signature={'0' * 64} secret-of-mine"
    store = FaultyStore(
        faults=[Fault("put", "result.json", lambda url: StoreError(url, signed, is_transient=False))]
    )
    secrets = KnownSecrets(["mine"], {"mine": "secret-of-mine"})
    with pytest.raises(HTTPException):
        ModelOutputs.of_store(store, secrets=secrets).store({"a": b"1"}, traced())
    seen = named(spans)
    for part in ("store", "store.commit"):
        assert seen[part].status.status_code is trace.StatusCode.ERROR
        assert seen[part].status.description == "https://x/?X-Amz-Signature=[redacted] [redacted]"
        assert not seen[part].events
    assert seen["store"].attributes["error.type"] == "StoreError"
    assert seen["store.upload"].status.status_code is trace.StatusCode.UNSET


def test_an_end_by_force_ends_the_spans(spans):
    store = FaultyStore(faults=[Fault("put", "result.json", lambda url: KeyboardInterrupt())])
    with pytest.raises(KeyboardInterrupt):
        ModelOutputs.of_store(store).store(1, traced())
    assert named(spans)["store"].attributes["error.type"] == "KeyboardInterrupt"


def test_a_skipped_run_is_a_span_too(spans):
    Telemetry(KnownSecrets()).skipped(traced(), REQUEST, attempt="a1", url="memory://x", seconds=0.1)
    assert named(spans)["store"].attributes["truss_outputs.outcome"] == "skipped"
    assert named(spans)["store"].context.trace_id == int(TRACE, 16)


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        (TRACEPARENT, TRACEPARENT),
        (f" {TRACEPARENT}\t", TRACEPARENT),
        (f"cc-{TRACE}-{PARENT}-00-what-comes-later", f"cc-{TRACE}-{PARENT}-00"),
        (None, None),
        ("", None),
        (TRACEPARENT.upper(), None),
        (f"{TRACEPARENT}-more", None),
        (f"{TRACEPARENT}1", None),
        (f"ff-{TRACE}-{PARENT}-01", None),
        (f"00-{'0' * 32}-{PARENT}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE}-{PARENT}", None),
        ("\u0660" * 2 + TRACEPARENT[2:], None),
        (f"cc-{TRACE}-{PARENT}-00.what-comes-later", None),
    ],
)
def test_a_valid_traceparent_is_kept_in_results_and_in_error_records(store, header, kept):
    outputs = ModelOutputs.of_store(store)

    class Call:
        headers = {"x-baseten-request-id": REQUEST} | ({} if header is None else {"traceparent": header})

    outputs.store(1, Call())
    outputs.store_failure(ValueError("x"), Call())
    assert OutputReader(store).load(REQUEST).truss_outputs.traceparent == kept
    [failure] = stored_failures(store, REQUEST)
    assert failure.truss_outputs.traceparent == kept


def test_a_chainlet_has_the_traceparent_of_its_call(store):
    def in_a_call() -> None:
        with utils.trace_parent_raw(TRACEPARENT), utils._request_id({"x-baseten-request-id": REQUEST}):
            ModelOutputs.of_store(store).store(1)

    contextvars.copy_context().run(in_a_call)
    assert OutputReader(store).load(REQUEST).truss_outputs.traceparent == TRACEPARENT
