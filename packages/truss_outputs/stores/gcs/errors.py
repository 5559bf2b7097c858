"""Errors of Google's SDK in plain language. The text of an answer is not passed on."""

from collections.abc import Callable
from functools import partial
from types import MappingProxyType

from truss_outputs.errors import AlreadyExists, CredentialsRefused, ObjectNotFound, StoreError
from truss_outputs.stores.sdk_errors.socket_errors import with_socket_error

# cloud.google.com/storage/docs/json_api/v1/status-codes
_REFUSED = MappingProxyType(
    {
        400: "the service refused the request",
        401: "the credentials are wrong or have expired",
        403: "the credentials may not {permission} here",
        404: "there is no such bucket, or the credentials may not see it",
        411: "the service refused the request",
        413: "the object is larger than one may be",
        429: "too many requests",
    }
)


_PERMISSIONS = MappingProxyType({"put": "create", "list": "list", "delete": "delete"})  # all others: get


def translation_of(operation: str) -> Callable[[Exception, str], StoreError | None]:
    """The translation of the errors of one of the store's methods."""
    return partial(translated, permission=f"storage.objects.{_PERMISSIONS.get(operation, 'get')}")


def translated(error: Exception, url: str, permission: str) -> StoreError | None:
    """The store's error, or None if `error` is neither an answer of the service nor a failure to get one."""
    import requests
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.cloud.storage.exceptions import (
        DataCorruption,
        InvalidResponse,
    )

    name = type(error).__name__
    match error:
        case GoogleAPICallError():
            return _refusal(int(error.code or 0), url, permission)
        case InvalidResponse():
            return _refusal(int(error.response.status_code), url, permission)
        case DataCorruption():
            return StoreError(url, "the bytes were damaged on the way")
        case TransportError():
            return _unanswered(error, url, "Google cannot be asked for a token")
        case GoogleAuthError():
            reason = f"{name}: no token could be had with these credentials"
            is_transient = bool(getattr(error, "retryable", False))
            return CredentialsRefused(url, reason, is_transient=is_transient)
        case requests.exceptions.Timeout():
            return _unanswered(error, url, "no answer came in time")
        case requests.exceptions.SSLError():
            return _unanswered(error, url, "the endpoint's TLS certificate was refused")
        case requests.exceptions.RequestException() | ConnectionError():
            return _unanswered(error, url, "the connection failed")
        case RetryError():
            return _unanswered(error, url, "the service did not answer in time")
    return None


def _unanswered(error: Exception, url: str, reason: str) -> StoreError:
    return StoreError(url, with_socket_error(f"{type(error).__name__}: {reason}", error))


def _refusal(status: int, url: str, permission: str) -> StoreError:
    if status == 412:
        return AlreadyExists(url)
    if status == 404 and permission in ("storage.objects.get", "storage.objects.delete"):
        return ObjectNotFound(url)
    if status == 404:
        return StoreError(url, "NoSuchBucket: there is no such bucket", is_transient=False)
    text = _REFUSED.get(status, "the service failed").format(permission=permission)
    is_transient = status >= 500 or status in (0, 408, 429)
    kind = CredentialsRefused if status == 401 else StoreError
    return kind(url, f"HTTP {status}: {text}", is_transient=is_transient)
