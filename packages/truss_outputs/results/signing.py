"""A stored result's signature: made with a webhook secret, as the platform signs a webhook.

It stands in the document it signs, as the last of our own fields, and so is committed by the same single
write: there is no moment in which a result is there and its signature is not. What is signed is the document
without it, byte for byte. As the document lists every artifact with its checksum, they are signed with it.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Any, cast

from truss_outputs.keys import MARKER
from truss_outputs.store import Body, PutReceipt, Store

_END = b"}}"  # of the truss_outputs record, and of the result around it
_SEAL = re.compile(rb',"signature":"(v1=[0-9a-f]{64})"\}\}\Z')


def signature(body: bytes, secret: str) -> str:
    """The platform's signature: HMAC-SHA256, its key the whole secret, `whsec_` and all.

    Source: docs.baseten.co/inference/async, "Secure webhooks".
    """
    return f"v1={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def sealed(document: bytes, secret: str) -> bytes:
    """The document of a stored result with its signature in it."""
    if not document.endswith(_END):
        raise ValueError("only the document of a stored result can be signed")
    return document.removesuffix(_END) + f',"signature":"{signature(document, secret)}"'.encode() + _END


def unsealed(document: bytes) -> tuple[bytes, str | None]:
    """What was signed, and its signature, None where there is none. Nothing is verified."""
    found = _SEAL.search(document)
    if not found:
        return document, None
    return document[: found.start()] + _END, found[1].decode()


def signing(store: Store, secret: Callable[[], str]) -> Store:
    """`store`, with every result that is put into it signed by the secret of that moment."""
    return cast(Store, _SigningStore(store, secret))


class _SigningStore:
    """All that the store itself is, but for what becomes of a commit marker on its way in."""

    def __init__(self, store: Store, secret: Callable[[], str]) -> None:
        self._store = store
        self._secret = secret

    def put(self, key: str, body: Body, **options: Any) -> PutReceipt:
        is_result = key.count("/") == 1 and key.endswith(f"/{MARKER}")
        if is_result and isinstance(body, bytes):
            body = sealed(body, self._secret())
        return self._store.put(key, body, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
