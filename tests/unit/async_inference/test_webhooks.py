import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from async_inference.errors import InvalidSetting, NotAuthentic
from async_inference.webhooks import verify_result, verify_signature, verify_webhook
from async_inference.wire import AsyncPredictResult
from truss_outputs import MemoryStore, OutputWriter
from truss_outputs.results.signing import sealed, signature

NEW = "whsec_" + "n" * 40
OLD = "whsec_" + "o" * 40
NOW = datetime(2026, 11, 21, 1, 2, 3, 45, tzinfo=UTC)
BODY = (
    AsyncPredictResult(request_id="r1", model_id="m", deployment_id="d", time=NOW, data={"text": "hé"})
    .model_dump_json()
    .encode()
)


def stored() -> bytes:
    store = MemoryStore()
    OutputWriter(store).write({"image": b"x", "text": '"}}'}, "r1")
    return store.get("r1/result.json")


@pytest.mark.parametrize(
    ("header", "secrets"),
    [
        (signature(BODY, NEW), [NEW]),
        (signature(BODY, NEW), [OLD, NEW]),
        (f"{signature(BODY, NEW)},{signature(BODY, OLD)}", [OLD]),
        (f"{signature(BODY, NEW)}, {signature(BODY, OLD)}", [NEW]),
        (f"v2=whatever,{signature(BODY, NEW)}", (NEW,)),
    ],
)
def test_a_webhook_signed_with_any_of_the_secrets(header, secrets) -> None:
    assert verify_webhook(BODY, header, secrets, now=NOW).data == {"text": "hé"}


@pytest.mark.parametrize(
    ("body", "header", "reason"),
    [
        (BODY, None, "no signature"),
        (BODY, "", "no signature"),
        (BODY, signature(BODY, "another"), "its signature was made with none"),
        (BODY + b" ", signature(BODY, NEW), "its signature was made with none"),
        (BODY, signature(BODY, NEW).removeprefix("v1="), "its signature was made with none"),
        (BODY, signature(BODY, NEW).upper(), "its signature was made with none"),
        (BODY, signature(BODY, NEW).replace("v1=", "v2="), "its signature was made with none"),
        (BODY, "v1=é\ud800", "its signature was made with none"),
        (BODY, ",".join([signature(BODY, "x")] * 10 + [signature(BODY, NEW)]), "more than 10 signatures"),
        (b"{}", signature(b"{}", NEW), "it is signed, but it is not an async predict result"),
        (b"\xff", signature(b"\xff", NEW), "it is signed, but it is not an async predict result"),
    ],
)
def test_anything_else_is_not_authentic(body, header, reason) -> None:
    with pytest.raises(NotAuthentic, match=reason) as caught:
        verify_webhook(body, header, [NEW], now=NOW)
    assert NEW not in str(caught.value)


@pytest.mark.parametrize("seconds", [-300, 0, 299, 300])
def test_a_webhook_of_just_now(seconds) -> None:
    verify_webhook(BODY, signature(BODY, NEW), [NEW], now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-3600, -301, 301, 86_400])
def test_a_webhook_of_another_time_is_a_repetition(seconds) -> None:
    with pytest.raises(NotAuthentic, match=f"it was sent {seconds} s ago, where 300 s are allowed"):
        verify_webhook(BODY, signature(BODY, NEW), [NEW], now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("secrets", [[], [""], [NEW, ""], NEW])
def test_without_secrets_nothing_is_verified(secrets) -> None:
    with pytest.raises(InvalidSetting):
        verify_signature(BODY, signature(BODY, ""), secrets)


def test_a_stored_result_signed_with_any_of_the_secrets() -> None:
    result = verify_result(sealed(stored(), OLD), [NEW, OLD])
    assert result.request_id == "r1"
    assert len(result.truss_outputs.artifacts) == 1


def test_a_stored_result_that_is_not_signed() -> None:
    with pytest.raises(NotAuthentic, match="no signature"):
        verify_result(stored(), [NEW])
    with pytest.raises(NotAuthentic, match="it is signed, but it is not a stored result"):
        verify_result(sealed(b'{"a":{}}', NEW), [NEW])


@given(position=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_stored_result_with_one_byte_changed(position, byte) -> None:
    whole = bytearray(sealed(stored(), NEW))
    place = position % len(whole)
    if whole[place] == byte:
        return
    whole[place] = byte
    with pytest.raises(NotAuthentic):
        verify_result(bytes(whole), [NEW])


def test_a_signature_in_the_data_is_data() -> None:
    document = json.loads(stored())
    document["data"] = {"signature": signature(b"", NEW)}
    with pytest.raises(NotAuthentic):
        verify_result(json.dumps(document).encode(), [NEW])
