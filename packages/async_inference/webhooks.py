"""Sign and verify webhooks and stored results.

Pure: nothing here reads a clock or uses the network. A signature is verified over the bytes as received,
before they are parsed.

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
"""The greatest age of a webhook, as the platform recommends."""

# There are two while a secret is rotated. A longer list would only cost time.
_MOST_SIGNATURES = 10


def signature_header(body: bytes, secrets: Sequence[str]) -> str:
    """Return the X-BASETEN-SIGNATURE that the platform sends with `body`: `v1=…,v1=…`, one for each secret.

    For senders: the emulator, and the tests of a receiver.
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
    """Return the webhook's content, if it is signed with one of `secrets` and was sent within `tolerance`.

    `body` is the body as received, not parsed and written again; `header` is the value of
    X-BASETEN-SIGNATURE. Raises NotAuthentic, and InvalidSetting if there is no secret.
    A webhook can come twice: remember its `request_id`.
    """
    verify_signature(body, header, secrets)
    try:
        result = AsyncPredictResult.model_validate_json(body)
    except ValidationError as error:
        raise NotAuthentic("it is signed, but it is not an async predict result") from error
    if abs(now - result.time) > tolerance:
        seconds = (now - result.time).total_seconds()
        raise NotAuthentic(
            f"it was sent {seconds:.0f} s ago, where {tolerance.total_seconds():.0f} s are allowed: "
            "it was repeated, or a clock is wrong"
        )
    return result


def verify_result(document: bytes, secrets: Sequence[str]) -> StoredResult:
    """Return the stored result in these bytes of a `result.json`, if it is signed with one of `secrets`.

    The age is not checked: a result may be read at any time. The signature covers the checksums of the
    artifacts. Raises NotAuthentic, and InvalidSetting if there is no secret.
    """
    signed, found = unsealed(document)
    verify_signature(signed, found, secrets)
    try:
        return StoredResult.model_validate_json(signed)
    except ValidationError as error:
        raise NotAuthentic("it is signed, but it is not a stored result") from error


def verify_signature(body: bytes, header: str | None, secrets: Sequence[str]) -> None:
    """Raise NotAuthentic unless `header`, `v1=…,v1=…`, holds a signature of `body` with one of `secrets`.

    Every signature is compared with every secret, in constant time. Raises InvalidSetting if there is no
    secret.
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
        raise NotAuthentic("its signature was made with none of these secrets")
