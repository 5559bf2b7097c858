"""Errors of S3 and its SDK in plain language.

Only error codes and names are passed on, never the text that came with them: it can quote a credential.
"""

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from truss_outputs.errors import CredentialsRefused, StoreError
from truss_outputs.stores.credentials import no_credentials
from truss_outputs.stores.sdk_errors.socket_errors import with_socket_error
from truss_outputs.stores.sdk_errors.xml_errors import answer

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

_ACTIONS = MappingProxyType(
    {
        "AbortMultipartUpload": "s3:AbortMultipartUpload",
        "CompleteMultipartUpload": "s3:PutObject",
        "CreateMultipartUpload": "s3:PutObject",
        "DeleteObject": "s3:DeleteObject",
        "GetObject": "s3:GetObject",
        "HeadObject": "s3:GetObject",
        "ListMultipartUploads": "s3:ListBucketMultipartUploads",
        "ListParts": "s3:ListMultipartUploadParts",
        "ListObjectsV2": "s3:ListBucket",
        "PutObject": "s3:PutObject",
        "UploadPart": "s3:PutObject",
    }
)

# By the name of the SDK's exception. Where no answer came, a write may still have arrived.
_UNANSWERED = MappingProxyType(
    {
        "ConnectTimeoutError": "the endpoint does not answer",
        "ConnectionClosedError": "the connection was closed before an answer came",
        "EndpointConnectionError": "the endpoint cannot be reached",
        "FlexibleChecksumError": "the bytes were damaged on the way",
        "HTTPClientError": "the connection failed",
        "IncompleteReadError": "the connection was closed before all bytes came",
        "ProxyConnectionError": "the proxy cannot be reached",
        "ReadTimeoutError": "no answer came in time",
        "ResponseStreamingError": "the connection was closed before all bytes came",
        "SSLError": "the endpoint's TLS certificate was refused",
    }
)
_UNSENT = MappingProxyType(
    {
        "CredentialRetrievalError": "no credentials could be had from the SDK's own chain",
        "ParamValidationError": "the SDK refused a parameter",
        "PartialCredentialsError": "the SDK's own chain found only a part of the credentials",
        "TokenRetrievalError": "the SDK's single sign-on session has expired",
        "UnauthorizedSSOTokenError": "the SDK's single sign-on session has expired",
    }
)


def translated(error: Exception, url: str, unset_secrets: Sequence[str] = ()) -> StoreError | None:
    """The store's error, or None if `error` is none of the SDK's."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    match error:
        case NoCredentialsError():
            reason = f"NoCredentialsError: {no_credentials(unset_secrets)}"
            return StoreError(url, reason, is_transient=False)
        case ClientError():
            return refusal(error, url)
        case BotoCoreError():
            return failure(error, url)
    return None


def refusal(error: "ClientError", url: str) -> StoreError:
    """The store's error for an answer that the SDK passed on."""
    response: dict[str, Any] = dict(error.response)
    metadata = response.get("ResponseMetadata", {})
    return answer(
        url,
        code=str(response.get("Error", {}).get("Code", "")),
        status=int(metadata.get("HTTPStatusCode", 0)),
        action=_ACTIONS.get(error.operation_name, error.operation_name),
        was_retried=metadata.get("RetryAttempts", 0) > 0,
    )


def failure(error: "BotoCoreError", url: str) -> StoreError:
    """The store's error where no answer came, or where the SDK sent no request."""
    name = type(error).__name__
    if name in _UNSENT:
        kind = StoreError if name == "ParamValidationError" else CredentialsRefused
        return kind(url, f"{name}: {_UNSENT[name]}", is_transient=False)
    reason = f"{name}: {_UNANSWERED.get(name, 'the SDK got no answer that it understands')}"
    return StoreError(url, with_socket_error(reason, error))
