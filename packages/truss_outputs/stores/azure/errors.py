"""Errors of Azure and its SDK in plain language. The text of an answer is not passed on."""

from collections.abc import Callable
from functools import partial
from types import MappingProxyType

from truss_outputs.errors import AlreadyExists, CredentialsRefused, ObjectNotFound, StoreError
from truss_outputs.stores.sdk_errors.socket_errors import with_socket_error

_DENIED = "the credentials may not {action} blobs here"

# The codes: learn.microsoft.com/rest/api/storageservices/blob-service-error-codes and
# common-rest-api-error-codes
_CODES = MappingProxyType(
    {
        "AccountIsDisabled": "the storage account is disabled",
        "AuthenticationFailed": "the account key or the SAS token is wrong or has expired, or this machine's "
        "clock is wrong",
        "AuthorizationFailure": "the key is wrong, or the account's firewall does not let this machine in",
        "AuthorizationPermissionMismatch": f"{_DENIED}; Storage Blob Data Contributor is the role that may",
        "AuthorizationProtocolMismatch": "the SAS token is good for https alone",
        "AuthorizationResourceTypeMismatch": "the SAS token must be one for containers and objects",
        "AuthorizationServiceMismatch": "the SAS token is not one for blobs",
        "AuthorizationSourceIPMismatch": "the SAS token is not good for this machine's address",
        "BlobArchived": "the blob is archived and must be rehydrated first",
        "BlobImmutableDueToPolicy": "a policy keeps the blob as it is",
        "ContainerBeingDeleted": "the container is being deleted",
        "ContainerDisabled": "the container is disabled",
        "ContainerNotFound": "there is no such container",
        "InsufficientAccountPermissions": _DENIED,
        "InvalidAuthenticationInfo": "the credentials are wrong or have expired",
        "InvalidBlobType": "a blob of another type stands there",
        "KeyBasedAuthenticationNotPermitted": "the account takes no keys: use Microsoft Entra",
        "LeaseIdMissing": "somebody holds a lease on the blob",
        "Md5Mismatch": "the bytes were damaged on the way",
        "NoAuthenticationInformation": "the account takes no anonymous requests",
        "PublicAccessNotPermitted": "the account takes no anonymous requests",
        "RequestBodyTooLarge": "the blob is larger than one put may be",
        "ServerBusy": "the service is busy",
    }
)
_UNKNOWN = frozenset({"AuthenticationFailed", "AuthorizationFailure", "InvalidAuthenticationInfo"})
_ABSENT = frozenset({"BlobNotFound", "ResourceNotFound"})
_THERE = frozenset({"BlobAlreadyExists", "ConditionNotMet", "UnauthorizedBlobOverwrite"})
_MAY_PASS = frozenset({"ContainerBeingDeleted", "Md5Mismatch", "OperationTimedOut", "ServerBusy"})


def answer(url: str, *, code: str, status: int, action: str, was_retried: bool) -> StoreError:
    """The store's error for an answer of the service. The answer to a HEAD may have no code."""
    if code in _ABSENT or (status == 404 and not code):
        return ObjectNotFound(url)
    if code in _THERE or (status in (409, 412) and not code):
        return AlreadyExists(url)
    by_status = _DENIED if status == 403 else f"the service refused (HTTP {status})"
    text = _CODES.get(code, by_status).format(action=action)
    is_transient = was_retried or code in _MAY_PASS or status >= 500 or status in (0, 408, 429)
    kind = CredentialsRefused if code in _UNKNOWN or status == 401 else StoreError
    return kind(url, f"{code or status}: {text}", is_transient=is_transient)


_ACTIONS = MappingProxyType({"put": "write", "list": "list", "delete": "delete"})  # all others: read


def translation_of(operation: str) -> Callable[[Exception, str], StoreError | None]:
    """The translation of the errors of one of the store's methods."""
    return partial(translated, action=_ACTIONS.get(operation, "read"))


def translated(error: Exception, url: str, action: str) -> StoreError | None:
    """The store's error, or None if `error` is neither an answer of the service nor a failure to get one."""
    from azure.core import exceptions

    name = type(error).__name__
    match error:
        case exceptions.ClientAuthenticationError() if error.status_code is None:
            reason = f"{name}: no token could be had with these credentials"
            return CredentialsRefused(url, reason, is_transient=False)
        case exceptions.HttpResponseError() if error.status_code is not None:
            code = getattr(error, "error_code", None)
            code = str(getattr(code, "value", code) or "")
            return answer(url, code=code, status=int(error.status_code), action=action, was_retried=False)
        case exceptions.ServiceRequestError():
            reason = f"{name}: the endpoint cannot be reached; is the account's name right?"
            return StoreError(url, with_socket_error(reason, error))
        case exceptions.ServiceResponseError() | exceptions.IncompleteReadError():
            reason = f"{name}: the connection was closed before an answer came"
            return StoreError(url, with_socket_error(reason, error))
        case exceptions.AzureError():
            # A wrong checksum has no exception type of its own.
            is_damaged = "mismatch" in str(error)
            if is_damaged:
                return StoreError(url, "the bytes were damaged on the way")
            reason = f"{name}: the SDK got no answer that it understands"
            return StoreError(url, with_socket_error(reason, error))
    return None
