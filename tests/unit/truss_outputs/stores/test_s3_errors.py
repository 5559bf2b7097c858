from typing import Any

import botocore.exceptions
import pytest

from truss_outputs import AlreadyExists, ObjectNotFound
from truss_outputs.stores.s3.errors import failure, refusal, translated

URL = "s3://bucket/r/result.json"


def answer(code: str, status: int, *, operation: str = "PutObject", retries: int = 0) -> Any:
    response: Any = {
        "Error": {"Code": code, "Message": "for key AKIAHUNTER2"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": retries},
    }
    return refusal(botocore.exceptions.ClientError(response, operation), URL)


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("AccessDenied", 403, "AccessDenied: the credentials may not s3:PutObject here"),
        ("NoSuchBucket", 404, "NoSuchBucket: there is no such bucket"),
        ("SignatureDoesNotMatch", 403, "SignatureDoesNotMatch: the secret access key is wrong"),
        ("InvalidAccessKeyId", 403, "InvalidAccessKeyId: the access key id is unknown"),
        ("ExpiredToken", 400, "ExpiredToken: the session token has expired"),
        ("RequestTimeTooSkewed", 403, "RequestTimeTooSkewed: this machine's clock is wrong"),
        ("PermanentRedirect", 301, "PermanentRedirect: the bucket is in another region: set `region`"),
        ("Whatever", 400, "Whatever: the service refused (HTTP 400)"),
    ],
)
def test_what_is_refused_for_good(code: str, status: int, reason: str) -> None:
    error = answer(code, status)
    assert str(error) == f"{URL}: {reason}"
    assert not error.is_transient


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("SlowDown", 503),
        ("InternalError", 500),
        ("TooManyRequests", 429),
        ("RequestTimeout", 400),
        ("ConditionalRequestConflict", 409),
        ("BadDigest", 400),
        ("", 0),
    ],
)
def test_what_may_pass(code: str, status: int) -> None:
    assert answer(code, status).is_transient


def test_after_a_retry_a_refusal_leaves_the_first_try_in_doubt() -> None:
    assert answer("AccessDenied", 403, retries=1).is_transient


def test_a_precondition_that_failed_means_it_already_exists() -> None:
    assert isinstance(answer("PreconditionFailed", 412), AlreadyExists)


@pytest.mark.parametrize("code", ["NoSuchKey", "404"])
def test_an_absent_key_is_not_found(code: str) -> None:
    assert isinstance(answer(code, 404, operation="GetObject"), ObjectNotFound)


@pytest.mark.parametrize(("code", "operation"), [("AccessDenied", "GetObject"), ("403", "HeadObject")])
def test_a_denied_read_names_both_permissions(code: str, operation: str) -> None:
    error = answer(code, 403, operation=operation)
    assert "may not s3:GetObject here, or may not s3:ListBucket" in str(error)
    assert not error.is_transient


def test_no_message_repeats_the_services_own_text() -> None:
    assert "AKIA" not in str(answer("InvalidAccessKeyId", 403))
    assert "AKIA" not in str(answer("Whatever", 400))


def test_no_credentials_is_a_refusal_for_good() -> None:
    error = translated(botocore.exceptions.NoCredentialsError(), URL)
    assert error is not None
    assert str(error).startswith(f"{URL}: NoCredentialsError: no credentials: the settings name none")
    assert not error.is_transient


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (botocore.exceptions.EndpointConnectionError(endpoint_url="http://x"), "cannot be reached"),
        (botocore.exceptions.ReadTimeoutError(endpoint_url="http://x"), "no answer came in time"),
        (botocore.exceptions.ConnectionClosedError(endpoint_url="http://x"), "before an answer came"),
        (botocore.exceptions.BotoCoreError(), "BotoCoreError: the SDK got no answer that it understands"),
    ],
)
def test_no_answer_may_pass(raised: botocore.exceptions.BotoCoreError, reason: str) -> None:
    error = failure(raised, URL)
    assert reason in str(error)
    assert error.is_transient
