"""The error codes of the S3 API, which GCS's XML API shares, in plain language.

Only the codes are passed on, never the text that came with them: it can quote a credential.
"""

from types import MappingProxyType

from truss_outputs.errors import AlreadyExists, CredentialsRefused, ObjectNotFound, StoreError

_DENIED = "the credentials may not {action} here"

# The codes: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
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
_UNKNOWN = frozenset(
    {
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
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


def answer(url: str, *, code: str, status: int, action: str, was_retried: bool) -> StoreError:
    """The store's error for an answer of the service."""
    if code in _ABSENT:
        return ObjectNotFound(url)
    if status == 412:
        return AlreadyExists(url)
    text = _CODES.get(code or str(status), f"the service refused (HTTP {status})").format(action=action)
    if action == "s3:GetObject" and text == _DENIED.format(action=action):
        text += ", or may not s3:ListBucket, without which S3 does not say that an object is absent"
    # After a retry, a refusal does not say whether the first try succeeded.
    is_transient = was_retried or code in _MAY_PASS or status >= 500 or status in (0, 429)
    kind = CredentialsRefused if code in _UNKNOWN or status == 401 else StoreError
    return kind(url, f"{code or status}: {text}", is_transient=is_transient)
