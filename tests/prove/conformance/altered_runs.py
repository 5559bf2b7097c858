"""Platforms that run requests or send webhooks differently: one for each thing that can differ."""

import re

from async_inference.webhooks import SIGNATURE_HEADER
from tests.conformance_platform import AlterHook
from tests.prove.conformance.alterations import (
    Platform,
    answers,
    calls,
    chain,
    fields,
    hook,
    hook_body,
    hook_header,
    rewritten,
    status,
    statuses_of,
    texts,
    webhooks,
    without,
)

REQUEST, QUEUE, RUN = "/async_request/", "/async_queue_status$", "/async_run_remote$"
ODD = "漢"


def swapped(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    first, second = headers[SIGNATURE_HEADER].split(",")
    return {**headers, SIGNATURE_HEADER: f"{second},{first}"}, body


def refreshed_time() -> AlterHook:
    seen: set[str] = set()

    def change(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        request_id = headers["X-BASETEN-REQUEST-ID"]
        is_repeated = request_id in seen
        seen.add(request_id)
        return headers, re.sub(rb"\.\d{6}Z", b".000001Z", body) if is_repeated else body

    return hook("", change)


RUNNING = (
    Platform(row="request id header", differs="a suffix", id_suffix=":ray:user"),
    answers(
        "model's variables",
        "another model",
        texts("BT_MODEL_ID", "BT_MODEL"),
        "POST",
        "/predict$",
        says="describe",
    ),
    answers("streaming", "no streams", texts("ab", "[]"), "POST", "/predict$", says='"stream"'),
    statuses_of(
        "streaming", "its code", '"stream"', texts("ASYNC_REQUEST_NOT_SUPPORTED", "MODEL_PREDICT_ERROR")
    ),
    calls("sync first", "no priorities", '"priority": 2', lambda body: {**body, "priority": 0}),
    statuses_of(
        "prediction timeout", "its code", "3700", texts("MODEL_PREDICT_TIMEOUT", "MODEL_UNAVAILABLE")
    ),
    answers(
        "error codes", "the code of 404", texts("MODEL_DOES_NOT_EXIST", "MODEL_UNAVAILABLE"), "GET", REQUEST
    ),
    calls(
        "error codes",
        "503 is final",
        '"status": 503',
        lambda body: {**body, "inference_retry_config": {"max_attempts": 1}},
    ),
    answers(
        "error messages", "hidden", texts("as it was asked to, é", "Internal Server Error"), "GET", REQUEST
    ),
    statuses_of(
        "a model's own 400", "not ready", '"answer"', texts("MODEL_INVALID_INPUT", "MODEL_NOT_READY")
    ),
    calls(
        "retry delays",
        "3 s by default",
        '"inference_retry_config": {"max_delay_ms": 1500}',
        lambda body: {**body, "inference_retry_config": {"max_delay_ms": 1_500, "initial_delay_ms": 500}},
    ),
    statuses_of("back-pressure", "an error", '"status": 429', fields(errors=[{"code": "x", "message": "y"}])),
)
WEBHOOKS = (
    webhooks("webhook bytes", "content type", lambda: hook_header(ODD, "Content-Type", "text/json")),
    webhooks("webhook bytes", "no id", lambda: hook_header(ODD, "X-BASETEN-REQUEST-ID", None)),
    webhooks(
        "webhook bytes",
        "its order",
        lambda: hook_body(ODD, r'("request_id":"\w+"),("model_id":"\w+")', r"\2,\1"),
    ),
    webhooks("webhook bytes", "its type", lambda: hook_body(ODD, "async_request_completed", "async_predict")),
    webhooks("webhook bytes", "milliseconds", lambda: hook_body(ODD, r"(\.\d{3})\d{3}Z", r"\1Z")),
    webhooks("webhook bytes", "spaces", lambda: hook_body(ODD, '","', '", "')),
    webhooks("webhook bytes", "python's floats", lambda: hook_body(ODD, "1e-7", "1e-07")),
    webhooks("webhook bytes", "escapes", lambda: hook_body(ODD, "漢", r"\\u6f22")),
    webhooks(
        "webhook bytes", "a further key", lambda: hook_body(ODD, r'"errors":\[\]\}$', '"errors":[],"x":1}')
    ),
    webhooks("webhook bytes", "errors is null", lambda: hook_body(ODD, r'"errors":\[\]', '"errors":null')),
    webhooks("webhook bytes", "data of a failure", lambda: hook_body("no, é", '"data":null', '"data":{}')),
    webhooks("large webhook", "it is cut", lambda: hook_body("ééé", "é{9,}", "ééééééééé")),
    webhooks(
        "clock of webhooks",
        "a day before",
        lambda: hook_body('"data":"conformance"', r'"time":"\d{4}', '"time":"2001'),
    ),
    webhooks(
        "webhook signature", "none", lambda: hook_header('"data":"conformance"', SIGNATURE_HEADER, None)
    ),
    webhooks(
        "webhook signature",
        "another form",
        lambda: hook_header('"data":"conformance"', SIGNATURE_HEADER, "sha256=00"),
    ),
    webhooks("receivers", "the oldest first", lambda: hook('"receivers"', swapped)),
    answers("webhook statuses", "FAILED", fields(status="FAILED"), "GET", REQUEST, status="WEBHOOK_FAILED"),
    answers(
        "webhook statuses",
        "the webhook's",
        fields(webhook_status="CANCELED"),
        "GET",
        REQUEST,
        status="FAILED",
        webhook_status="FAILED",
    ),
    Platform(row="webhook retry", differs="502 is final", hook_answers={502: 501}),
    Platform(row="webhook retry", differs="301 is repeated", hook_answers={301: 500}),
    Platform(row="webhook attempts", differs="three", settings={"webhook_attempts": 3}),
    webhooks("webhook repeat", "a new time", refreshed_time),
    answers(
        "pending webhook",
        "SUCCEEDED",
        fields(status="SUCCEEDED"),
        "GET",
        REQUEST,
        status="IN_PROGRESS",
        webhook_status="PENDING",
    ),
    answers(
        "webhook of an expired request",
        "FAILED",
        fields(webhook_status="FAILED"),
        "GET",
        REQUEST,
        status="EXPIRED",
        webhook_status="CANCELED",
    ),
)
CHAINS = (
    chain("run remote", "202", status(202), "POST", RUN, code=201),
    Platform(row="bare arguments", differs="taken", is_chain=True, settings={"raw_run_remote": True}),
    chain(
        "status of a chain",
        "model_id too",
        rewritten(lambda body: {**body, "model_id": body["chain_id"]}),
        "GET",
        REQUEST,
        code=200,
    ),
    chain("queue of a chain", "no model_id", without("model_id"), "GET", QUEUE),
    Platform(
        row="chain webhook",
        differs="chain_id",
        is_chain=True,
        hook=lambda: hook_body("", '"model_id"', '"chain_id"'),
    ),
)

PLATFORMS = (*RUNNING, *WEBHOOKS, *CHAINS)
