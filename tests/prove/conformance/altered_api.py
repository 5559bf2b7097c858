"""Platforms whose API differs: one for each thing that can."""

from tests.conformance_platform import Alteration
from tests.prove.conformance.alterations import (
    Answers,
    Platform,
    answers,
    fields,
    header,
    reordered,
    status,
    statuses_of,
    texts,
    without,
)

SUBMIT, REQUEST, QUEUE = "/async_predict$", "/async_request/", "/async_queue_status$"
UNKNOWN = "/async_request/0123456789abcdef"
NONE = "NO_WEBHOOK_PROVIDED"


def first_canceled_as(value: object) -> type[Alteration]:
    class Canceled(Answers):
        def __init__(self) -> None:
            super().__init__(fields(canceled=value), "DELETE", REQUEST, canceled=True)

    return Canceled


ACCESS = (
    answers("keys", "Api-Key is refused", status(401), key="Api-Key"),
    answers("a wrong key", "a wrong key is 403", status(403), key="Bearer conformance.wrong"),
    answers("a wrong key", "its words", fields(error="no"), key="Bearer conformance.wrong"),
    answers("a wrong key", "its code", fields(error_code="no"), key="Bearer conformance.wrong"),
    answers("operations", "no environments", status(404), "GET", "/environments/production/"),
    answers("operations", "no deployments", status(404), "GET", "/deployment/[^c]"),
    answers("hosts", "bare paths are taken", status(200), "GET", "^/async_queue_status$"),
    answers("error bodies", "unknown requests are 400", status(400), "GET", UNKNOWN, code=404),
    answers("error bodies", "no code", without("error_code"), "GET", UNKNOWN, code=404),
    answers("error bodies", "a further field", fields(detail="x"), "DELETE", UNKNOWN, code=404),
    answers("error bodies", "no request id", header("X-Baseten-Request-Id", None), code=405),
    answers("error bodies", "the code of a deployment", fields(error_code="x"), "GET", "/conformance0/"),
    answers("error bodies", "a wrong method is 404", status(404), "PUT"),
    answers("described answers", "errors are text", header("Content-Type", "text/plain"), "GET", code=401),
    answers("described answers", "submits are text", header("Content-Type", "x/y"), "POST", SUBMIT),
    answers("wake", "200", status(200), "POST", "/wake$"),
)
SUBMITTING = (
    answers("submit", "202", status(202), "POST", SUBMIT, code=201),
    answers("submit", "a further field", fields(model_id="m"), "POST", SUBMIT, code=201),
    answers("submit", "no id in the body", without("request_id"), "POST", SUBMIT, code=201),
    answers("submit", "no id in the header", header("X-Baseten-Request-Id", None), "POST", SUBMIT, code=201),
    answers("submit bounds", "priority 3 is taken", status(201), "POST", SUBMIT, says='"priority": 3'),
    answers("submit bounds", "priority 2 is not", status(400), "POST", SUBMIT, says="259200"),
    answers("submit bounds", "422", status(422), "POST", SUBMIT, says='"priority": -1'),
    answers("submit bounds", "no name", texts("delay_ms", "x"), "POST", SUBMIT, says='"max_delay_ms": -1'),
    answers("any JSON", "null is refused", status(400), "POST", SUBMIT, says='"model_input": null'),
    answers("any JSON", "unknown fields are refused", status(400), "POST", SUBMIT, says='"colour"'),
    answers("size of a body", "another limit", texts("262144", "524288"), "POST", SUBMIT, code=413),
    answers("size of a body", "400", status(400), "POST", SUBMIT, code=413),
    answers("webhook url", "http is taken", status(201), "POST", SUBMIT, says='"http://example.com'),
    answers("webhook url", "localhost is refused", status(400), "POST", SUBMIT, says='"http://localhost:9'),
    answers("private webhooks", "they are taken", status(201), "POST", SUBMIT, says='"https://10.0.0.1'),
)
STATUS = (
    answers("status keys", "their order", reordered(), "GET", REQUEST, status="SUCCEEDED"),
    answers("status keys", "a further key", fields(x=1), "GET", REQUEST, status="SUCCEEDED"),
    answers("status keys", "no Z", texts('Z"', '+00:00"'), "GET", REQUEST, status="SUCCEEDED"),
    answers(
        "status keys",
        "errors is null",
        fields(errors=None),
        "GET",
        REQUEST,
        webhook_status=NONE,
        status="SUCCEEDED",
    ),
    answers(
        "status keys",
        "no webhook status",
        fields(webhook_status=None),
        "GET",
        REQUEST,
        webhook_status=NONE,
        status="SUCCEEDED",
    ),
    answers(
        "statuses",
        "COMPLETED",
        fields(status="COMPLETED"),
        "GET",
        REQUEST,
        webhook_status=NONE,
        status="SUCCEEDED",
    ),
    answers(
        "statuses", "ERROR", fields(status="ERROR"), "GET", REQUEST, webhook_status=NONE, status="FAILED"
    ),
    statuses_of(
        "between attempts",
        "QUEUED",
        '"initial_delay_ms": 5000',
        fields(status="QUEUED"),
        status="IN_PROGRESS",
    ),
    answers(
        "expiry", "FAILED", fields(status="FAILED"), "GET", REQUEST, webhook_status=NONE, status="EXPIRED"
    ),
    answers(
        "expiry", "an error", fields(errors=[{"code": "x", "message": "y"}]), "GET", REQUEST, status="EXPIRED"
    ),
    answers("cancel", "no message", without("message"), "DELETE", REQUEST, code=200),
    answers("cancel", "202", status(202), "DELETE", REQUEST, code=200),
    Platform(row="cancel", differs="canceled is a text", alteration=first_canceled_as("true")),
    answers("cancel", "it says yes to all", fields(canceled=True), "DELETE", REQUEST, canceled=False),
    answers(
        "cancel", "two l", fields(status="CANCELLED"), "GET", REQUEST, webhook_status=NONE, status="CANCELED"
    ),
    answers("queue status", "the order of its keys", reordered(), "GET", QUEUE),
    answers(
        "queue status",
        "what runs is queued",
        fields(num_queued_requests=3),
        "GET",
        QUEUE,
        num_queued_requests=2,
    ),
    answers("retention", "410", status(410), "GET", "/async_request/(?!0123456789abcdef)", code=404),
)
LIMITS = (
    Platform(row="status calls", differs="22", settings={"status_calls_per_second": 22}),
    Platform(row="cancellations", differs="100", settings={"cancels_per_second": 100}),
    Platform(row="submits", differs="600", settings={"submits_per_minute": 600}),
    Platform(row="queue status calls", differs="22", settings={"queue_status_calls_per_second": 22}),
    answers("429", "Retry-After", header("Retry-After", "1"), "GET", QUEUE, code=429),
    answers("429", "its code", fields(error_code="x"), "GET", QUEUE, code=429),
    answers("429", "its words", texts("Please try", "Try"), "GET", QUEUE, code=429),
)

PLATFORMS = (*ACCESS, *SUBMITTING, *STATUS, *LIMITS)
