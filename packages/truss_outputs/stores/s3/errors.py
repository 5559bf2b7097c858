"""What S3 and its SDK refuse with, in plain language.

Only error codes and names are passed on, never the text that came with them: it can quote a credential.
"""

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from truss_outputs.errors import AlreadyExists, ObjectNotFound, StoreError

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
        "ListObjectsV2": "s3:ListBucket",
        "PutObject": "s3:PutObject",
        "UploadPart": "s3:PutObject",
    }
)

_DENIED = "the credentials may not {action} here"

# The service's words: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_CODES = MappingProxyType(
    {
        "403": _DENIED,  # the answer to a HEAD has no body, so no code of its own
        "AccessDenied": _DENIED,
        "AllAccessDisabled": "all access to this bucket is disabled",
        "AuthorizationHeaderMalformed": "the bucket is in another region: set `region`",
        "BadDigest": "the bytes were damaged on the way",
        "EntityTooLarge": "the object is larger than one put may be",
        "ExpiredToken": "the session token has expired",
        "IllegalLocationConstraintException": "the bucket is in another region: set `region`",
        "InvalidAccessKeyId": "the access key id is unknown",
        "InvalidBucketName": "this is no bucket's name",
        "InvalidToken": "the session token is wrong",
        "KMS.DisabledException": "the bucket's encryption key is disabled",
        "NoSuchBucket": "there is no such bucket",
        "NoSuchUpload": "the upload was thrown away meanwhile",
        "PermanentRedirect": "the bucket is in another region: set `region`",
        "QuotaExceeded": "the bucket's quota is used up",
        "RequestTimeTooSkewed": "this machine's clock is wrong",
        "SignatureDoesNotMatch": "the secret access key is wrong",
        "TokenRefreshRequired": "the session token has expired",
        "XAmzContentChecksumMismatch": "the bytes were damaged on the way",
    }
)
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_MAY_PASS = frozenset(
    {
        "BadDigest",
        "ConditionalRequestConflict",
        "OperationAborted",
        "RequestTimeout",
        "SlowDown",
        "Throttling",
        "TooManyRequests",
        "XAmzContentChecksumMismatch",
    }
)

# The SDK's own words, by the name of the exception. Where no answer came, a write may have arrived.
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
        "NoCredentialsError": "no credentials: the settings name none, and the SDK's own chain has none",
        "ParamValidationError": "the SDK refused a parameter",
        "PartialCredentialsError": "the SDK's own chain found only a part of the credentials",
        "TokenRetrievalError": "the SDK's single sign-on session has expired",
        "UnauthorizedSSOTokenError": "the SDK's single sign-on session has expired",
    }
)


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


def answer(url: str, *, code: str, status: int, action: str, was_retried: bool) -> StoreError:
    """The store's error for an answer of the service."""
    if code in _ABSENT:
        return ObjectNotFound(url)
    if status == 412:
        return AlreadyExists(url)
    text = _CODES.get(code or str(status), f"the service refused (HTTP {status})").format(action=action)
    if action == "s3:GetObject" and text == _DENIED.format(action=action):
        text += ", or may not s3:ListBucket, without which S3 does not say that an object is absent"
    # After a retry of the SDK's the refusal says nothing about what became of the first try.
    is_transient = was_retried or code in _MAY_PASS or status >= 500 or status in (0, 429)
    return StoreError(url, f"{code or status}: {text}", is_transient=is_transient)


def failure(error: "BotoCoreError", url: str) -> StoreError:
    """The store's error where there was no answer, or where the SDK did not even ask."""
    name = type(error).__name__
    if name in _UNSENT:
        return StoreError(url, f"{name}: {_UNSENT[name]}", is_transient=False)
    return StoreError(url, f"{name}: {_UNANSWERED.get(name, 'the request failed')}")
