"""Whoever checks signatures as Baseten's pages show, today's or the older ones, accepts every payload."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies
from pydantic import BaseModel, ConfigDict, JsonValue

from async_emulator.clock import ManualClock
from async_emulator.webhooks.delivery import ReceiverAnswer
from async_emulator.webhooks.payload import Payload
from async_emulator.webhooks.sender import WebhookSender
from async_emulator.webhooks.signing_secrets import WebhookSecrets
from async_inference import AsyncRequestError, verify_webhook

OLD, NEW = "whsec_" + "o" * 40, "whsec_" + "n" * 40


class PublishedResult(BaseModel):
    """The class of the receiver that Baseten publishes; it must come out of a payload as it went in."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    request_id: str
    model_id: str
    deployment_id: str
    type: str
    time: datetime
    data: JsonValue
    errors: list[dict[str, JsonValue]]


def expected_signature(secret: str, text: bytes) -> str:
    return hmac.digest(secret.encode(), text, hashlib.sha256).hex()


def accepts_the_raw_body(body: bytes, header: str, secret: str) -> bool:
    return any(
        hmac.compare_digest(expected_signature(secret, body), actual)
        for actual in header.replace("v1=", "").split(",")
    )


def accepts_the_parsed_body(body: bytes, header: str, secret: str) -> bool:
    again = PublishedResult.model_validate_json(body).model_dump_json().encode()
    return accepts_the_raw_body(again, header, secret)


def accepts_the_first_signature(body: bytes, header: str, secret: str) -> bool:
    actual = header.split(",")[0].removeprefix("v1=")
    return hmac.compare_digest(expected_signature(secret, body), actual)


class Keeping:
    """A connection that keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Mapping[str, str]]] = []

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> ReceiverAnswer:
        self.sent.append((body, headers))
        return ReceiverAnswer(status=200, body="")


def deliver(payload: Payload, time: datetime) -> tuple[bytes, str]:
    connection, clock = Keeping(), ManualClock(time)
    secrets = WebhookSecrets([OLD])
    secrets.rotate(clock.now(), NEW)

    async def send() -> None:
        sender = WebhookSender(clock=clock, connection=connection, secrets=secrets)
        assert await sender.deliver("https://example.com/hook", payload)

    asyncio.run(send())
    [(body, headers)] = connection.sent
    return body, headers["X-BASETEN-SIGNATURE"]


JSON = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats()
    | strategies.text(),
    lambda inner: strategies.lists(inner, max_size=4) | strategies.dictionaries(strategies.text(), inner),
    max_leaves=20,
)
TIMES = strategies.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001  # the strategy adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=strategies.just(UTC),
) | strategies.just(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.closeness("receivers")
@settings(max_examples=200, deadline=None)
@given(output=JSON, time=TIMES, is_ascii=strategies.booleans(), has_failed=strategies.booleans())
def test_every_receiver_accepts_every_payload(output, time, is_ascii, has_failed):
    model_body = json.dumps(output, ensure_ascii=is_ascii).encode(errors="surrogatepass")
    payload = Payload(
        request_id="9876543210abcdef1234567890fedcba",
        model_id="my_model_id",
        deployment_id="my_deployment_id",
        output=None if has_failed else model_body,
        errors=[AsyncRequestError(code="MODEL_PREDICT_ERROR", message=str(output)[:50])]
        if has_failed
        else [],
    )
    body, header = deliver(payload, time)
    for secret in (OLD, NEW):
        assert accepts_the_raw_body(body, header, secret)
        assert accepts_the_parsed_body(body, header, secret)
        assert verify_webhook(body, header, [secret], now=time + timedelta(seconds=299)).time == time
    assert accepts_the_first_signature(body, header, NEW)
    assert not accepts_the_raw_body(body + b" ", header, NEW)
