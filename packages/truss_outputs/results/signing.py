"""A stored result's signature: made with a webhook secret, as the platform signs a webhook.

The signature is the last field in the document that it signs, so one write commits both: no reader can find
the result without it. It signs the rest of the document, byte for byte. As the document lists every artifact
with its checksum, it covers the artifacts too.
"""

import hashlib
import hmac
import re

_END = b"}}"  # closes the truss_outputs record and the result around it
_SEAL = re.compile(rb',"signature":"(v1=[0-9a-f]{64})"\}\}\Z')


def signature(body: bytes, secret: str) -> str:
    """Sign as the platform does: HMAC-SHA256, keyed with the whole secret including its `whsec_`.

    Source: docs.baseten.co/inference/async, "Secure webhooks".
    """
    return f"v1={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def sealed(document: bytes, secret: str) -> bytes:
    """Return a stored result's document with its signature added."""
    if not document.endswith(_END):
        raise ValueError("only the document of a stored result can be signed")
    return document.removesuffix(_END) + f',"signature":"{signature(document, secret)}"'.encode() + _END


def unsealed(document: bytes) -> tuple[bytes, str | None]:
    """Return the signed bytes and their signature, None where there is none. This verifies nothing."""
    found = _SEAL.search(document)
    if not found:
        return document, None
    return document[: found.start()] + _END, found[1].decode()
