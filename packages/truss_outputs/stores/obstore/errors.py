"""obstore's exceptions in plain language.

Their types say little; their text holds the service's whole answer. Only the error code and the status are
taken from the text, which is not passed on: it can quote a credential.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from truss_outputs.errors import AlreadyExists, CredentialsRefused, ObjectNotFound, StoreError

_STATUS = re.compile(r"non-2xx status code: (\d{3})|\bstatus: (\d{3})|\(code: (\d{3})\)")
_CODE = re.compile(r"<Code>(\w[\w.]*)</Code>")
# What Rust's standard library passes on from the operating system, and from the resolver.
_SOCKET = re.compile(
    r'message: "(?P<socket>[A-Z][\w ,/]{3,80})"|address information: (?P<name>[A-Z][\w ,]{3,80})'
)
_RETRIES = re.compile(r"\bretries: (\d+),")

# Failures of the connection, by a phrase in the text; the first match counts.
_UNANSWERED = (
    ("certificate", "the endpoint's TLS certificate was refused"),
    ("kind: Connect", "the endpoint cannot be reached"),
    ("kind: Timeout", "no answer came in time"),
    ("TimedOut", "no answer came in time"),
    ("kind: Interrupted", "the connection was closed before an answer came"),
    ("redirect without LOCATION", "the bucket is in another region: set `region`"),
)


class NoCredentials(Exception):
    """Raised by a credential provider. `reason` holds no credential."""

    def __init__(self, reason: str, *, is_transient: bool) -> None:
        self.reason = reason
        self.is_transient = is_transient
        super().__init__(reason)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One request: its url, the service's name for the permission it needs, and how to read its answer."""

    url: str
    action: str
    answer: Callable[..., StoreError]


def translated(
    error: Exception, operation: Operation, no_credentials: NoCredentials | None
) -> StoreError | None:
    """The store's error, or None if `error` is none of obstore's.

    `no_credentials` is the credential provider's last failure, if there was one.
    """
    from obstore.exceptions import BaseError

    if not isinstance(error, (BaseError, FileNotFoundError, PermissionError)):
        return None
    url = operation.url
    text = str(error)
    name = type(error).__name__
    if name == "AlreadyExistsError":
        return AlreadyExists(url)
    if name == "UnauthenticatedError" and no_credentials:
        return CredentialsRefused(url, no_credentials.reason, is_transient=no_credentials.is_transient)
    code = found.group(1) if (found := _CODE.search(text)) else ""
    if isinstance(error, FileNotFoundError) and not code:
        return ObjectNotFound(url)
    found = _STATUS.search(text)
    status = int(next(filter(None, found.groups()))) if found else 0
    if (name == "UnauthenticatedError" and not code) or "token request" in text:
        is_transient = not status or status >= 500
        reason = "no token could be had with these credentials"
        return CredentialsRefused(url, reason, is_transient=is_transient)
    if status:
        retries = _RETRIES.search(text)
        return operation.answer(
            url,
            code=code,
            status=status,
            action=operation.action,
            was_retried=bool(retries and int(retries.group(1))),
        )
    unknown = f"{name}: obstore got no answer that it understands"
    reason = next((reason for sign, reason in _UNANSWERED if sign in text), unknown)
    said = found["socket"] or found["name"] if (found := _SOCKET.search(text)) else ""
    return StoreError(url, f"{reason} ({said})" if said else reason)
