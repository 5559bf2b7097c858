"""Whether a webhook, or a stored result, comes from whom it says it comes from.

Pure: nothing here reads a clock or asks anyone. The signature is verified over the very bytes that came,
before anything in them is looked at.

    def receive(request):  # in the web framework of your choice
        result = verify_webhook(
            request.body, request.headers.get("X-BASETEN-SIGNATURE"), secrets, now=datetime.now(UTC)
        )

Source: docs.baseten.co/inference/async, "Secure webhooks".
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import ValidationError

from async_inference.errors import InvalidSetting, NotAuthentic
from async_inference.wire import AsyncPredictResult
from truss_outputs.results.document import StoredResult
from truss_outputs.results.signing import signature, unsealed

SIGNATURE_HEADER = "X-BASETEN-SIGNATURE"
TOLERANCE = timedelta(seconds=300)
"""How old a webhook may be, as the platform recommends."""

# While a secret is rotated there are two. Who sends more makes us work for nothing.
_MOST_SIGNATURES = 10


def signature_header(body: bytes, secrets: Sequence[str]) -> str:
    """The value of X-BASETEN-SIGNATURE with which the platform sends `body`: `v1=…,v1=…`, newest first.

    For whoever sends: the emulator, and the tests of a receiver.
    """
    return ",".join(signature(body, secret) for secret in secrets)


def verify_webhook(
    body: bytes,
    header: str | None,
    secrets: Sequence[str],
    *,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> AsyncPredictResult:
    """The webhook's content, if it is signed with one of `secrets` and was sent just now.

    `body` is what came over the wire, not parsed and written again; `header` is the value of
    X-BASETEN-SIGNATURE. Raises NotAuthentic. A webhook can come twice: remember its `request_id`.
    """
    verify_signature(body, header, secrets)
    try:
        result = AsyncPredictResult.model_validate_json(body)
    except ValidationError as error:
        raise NotAuthentic("it is signed, but it is no async predict result") from error
    if abs(now - result.time) > tolerance:
        seconds = (now - result.time).total_seconds()
        raise NotAuthentic(
            f"it was sent {seconds:.0f} s ago, where {tolerance.total_seconds():.0f} s are allowed: "
            "a repetition, or a clock that is wrong"
        )
    return result


def verify_result(document: bytes, secrets: Sequence[str]) -> StoredResult:
    """The stored result that these bytes of a `result.json` are, if it is signed with one of `secrets`.

    It has no age: a result may be read whenever one likes. Its artifacts are checked by their checksums,
    which are signed with it. Raises NotAuthentic.
    """
    signed, found = unsealed(document)
    verify_signature(signed, found, secrets)
    try:
        return StoredResult.model_validate_json(signed)
    except ValidationError as error:
        raise NotAuthentic("it is signed, but it is no stored result") from error


def verify_signature(body: bytes, header: str | None, secrets: Sequence[str]) -> None:
    """Raises NotAuthentic unless one signature in `header`, `v1=…,v1=…`, is one of `secrets` over `body`.

    Every signature is compared with every secret, in the same time whatever they are.
    """
    if isinstance(secrets, str) or not secrets or not all(secrets):
        raise InvalidSetting("webhook secrets", "found none, or an empty one; allowed: whsec_… in a list")
    if not header:
        raise NotAuthentic("it has no signature")
    given = [each.strip() for each in header.split(",")]
    if len(given) > _MOST_SIGNATURES:
        raise NotAuthentic(f"it has more than {_MOST_SIGNATURES} signatures")
    expected = [signature(body, secret) for secret in secrets]
    matches = [
        hmac.compare_digest(one.encode(errors="replace"), other.encode())
        for one in given
        for other in expected
    ]
    if not any(matches):
        raise NotAuthentic("its signature is not one of these secrets'")
