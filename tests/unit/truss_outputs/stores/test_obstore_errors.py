import obstore.exceptions
import pytest

from truss_outputs import AlreadyExists, ObjectNotFound, StoreError
from truss_outputs.stores.obstore import errors
from truss_outputs.stores.obstore.errors import NoCredentials, Operation
from truss_outputs.stores.sdk_errors.xml_errors import answer

PUT = Operation(url="s3://bucket/r/result.json", action="s3:PutObject", answer=answer)


def translated(error: Exception, operation: Operation, reason: NoCredentials | None) -> StoreError:
    known = errors.translated(error, operation, reason)
    assert known is not None
    return known


def text(code: str, status: int, retries: int = 0) -> str:
    return (
        "Generic S3 error: Error performing PUT http://host/bucket/key in 1ms - Server returned non-2xx "
        f"status code: {status} Some Words: <Error><Code>{code}</Code>"
        "<Message>for key AKIAHUNTER2</Message></Error>\n"
        f"\nDebug source:\nGeneric {{\n  retries: {retries},\n max_retries: 2,\n}}"
    )


def generic(code: str, status: int, retries: int = 0) -> Exception:
    return obstore.exceptions.GenericError(text(code, status, retries))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            obstore.exceptions.PermissionDeniedError(text("AccessDenied", 403)),
            "AccessDenied: the credentials may not s3:PutObject here",
        ),
        (generic("SignatureDoesNotMatch", 403), "SignatureDoesNotMatch: the secret access key is wrong"),
        (generic("ExpiredToken", 400), "ExpiredToken: the session token has expired"),
        (FileNotFoundError(text("NoSuchBucket", 404)), "NoSuchBucket: there is no such bucket"),
        (generic("Whatever", 400), "Whatever: the service refused (HTTP 400)"),
    ],
)
def test_what_is_refused_for_good(error: Exception, reason: str) -> None:
    known = translated(error, PUT, None)
    assert str(known) == f"{PUT.url}: {reason}"
    assert not known.is_transient


@pytest.mark.parametrize(
    "error",
    [
        generic("SlowDown", 503),
        generic("InternalError", 500),
        generic("AccessDenied", 403, retries=1),
        obstore.exceptions.GenericError("HTTP error: error sending request\n kind: Timeout"),
        obstore.exceptions.GenericError("whatever else"),
    ],
)
def test_what_may_pass(error: Exception) -> None:
    assert translated(error, PUT, None).is_transient


def test_what_is_there_or_not() -> None:
    there = obstore.exceptions.AlreadyExistsError(text("PreconditionFailed", 412))
    assert isinstance(translated(there, PUT, None), AlreadyExists)
    assert isinstance(translated(FileNotFoundError(text("NoSuchKey", 404)), PUT, None), ObjectNotFound)
    assert isinstance(
        translated(FileNotFoundError("Object at location x not found"), PUT, None), ObjectNotFound
    )


@pytest.mark.parametrize(
    ("sign", "reason"),
    [
        ("kind: Connect", "the endpoint cannot be reached"),
        ("kind: Timeout", "no answer came in time"),
        ("invalid peer certificate", "the endpoint's TLS certificate was refused"),
    ],
)
def test_no_answer_is_explained(sign: str, reason: str) -> None:
    error = obstore.exceptions.GenericError(f"HTTP error: error sending request\n\nDebug source:\n {sign}")
    assert translated(error, PUT, None).reason == reason


def test_without_credentials_the_reason_is_their_own() -> None:
    reason = NoCredentials("ExpiredToken: AWS did not lend the role r", is_transient=False)
    known = translated(obstore.exceptions.UnauthenticatedError("any text"), PUT, reason)
    assert (known.reason, known.is_transient) == (reason.reason, False)


def test_no_message_repeats_the_services_own_text() -> None:
    assert "AKIA" not in str(translated(generic("InvalidAccessKeyId", 403), PUT, None))
    assert "AKIA" not in str(translated(generic("Whatever", 400), PUT, None))


@pytest.mark.parametrize(("status", "is_transient"), [(403, False), (503, True)])
def test_a_token_that_google_does_not_give_is_named(status: int, is_transient: bool) -> None:
    said = f"Error performing token request: non-2xx status code: {status} hunter2"
    known = translated(obstore.exceptions.GenericError(said), PUT, None)
    assert known.reason == "no token could be had with these credentials"
    assert known.is_transient is is_transient


def test_what_the_socket_said_is_passed_on() -> None:
    said = 'error sending request\n kind: Connect,\n Os {\n code: 111,\n message: "Connection refused",\n }'
    known = translated(obstore.exceptions.GenericError(said), PUT, None)
    assert known.reason == "the endpoint cannot be reached (Connection refused)"


def test_what_is_no_error_of_obstores_passes() -> None:
    assert errors.translated(KeyError("x"), PUT, None) is None
