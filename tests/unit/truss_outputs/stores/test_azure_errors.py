import pytest
from azure.core import exceptions

from truss_outputs import AlreadyExists, ObjectNotFound
from truss_outputs.stores.azure.errors import answer, translated

URL = "az://results/r/result.json"


def known(code: str, status: int):
    return answer(URL, code=code, status=status, action="write", was_retried=False)


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (
            "AuthenticationFailed",
            403,
            "the account key or the SAS token is wrong or has expired, or this machine's",
        ),
        ("AuthorizationPermissionMismatch", 403, "may not write blobs here; Storage Blob Data Contributor"),
        ("", 403, "403: the credentials may not write blobs here"),
        ("ContainerNotFound", 404, "ContainerNotFound: there is no such container"),
        ("LeaseIdMissing", 412, "somebody holds a lease"),
        ("BlobImmutableDueToPolicy", 409, "a policy keeps"),
        ("Whatever", 400, "Whatever: the service refused (HTTP 400)"),
    ],
)
def test_what_is_refused_for_good(code: str, status: int, reason: str) -> None:
    error = known(code, status)
    assert str(error).startswith(f"{URL}: ")
    assert reason in str(error)
    assert not error.is_transient


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ServerBusy", 503),
        ("OperationTimedOut", 500),
        ("", 429),
        ("Md5Mismatch", 400),
        ("InternalError", 500),
    ],
)
def test_what_may_pass(code: str, status: int) -> None:
    assert known(code, status).is_transient


def test_what_is_there_or_not() -> None:
    for code in ("BlobAlreadyExists", "ConditionNotMet", "UnauthorizedBlobOverwrite", ""):
        assert isinstance(known(code, 409), AlreadyExists)
    for code in ("BlobNotFound", ""):
        assert isinstance(known(code, 404), ObjectNotFound)


@pytest.mark.parametrize(
    ("raised", "reason", "is_transient"),
    [
        (
            exceptions.ServiceRequestError("hunter2"),
            "the endpoint cannot be reached; is the account's name",
            True,
        ),
        (exceptions.ServiceResponseError("hunter2"), "the connection was closed before an answer came", True),
        (exceptions.IncompleteReadError("hunter2"), "the connection was closed before an answer came", True),
        (
            exceptions.ClientAuthenticationError("hunter2"),
            "no token could be had with these credentials",
            False,
        ),
        (exceptions.AzureError("MD5 mismatch. Expected hunter2"), "the bytes were damaged on the way", True),
        (exceptions.AzureError("hunter2"), "AzureError: the SDK got no answer that it understands", True),
    ],
)
def test_no_answer_is_explained(raised: Exception, reason: str, is_transient: bool) -> None:
    error = translated(raised, URL, "write")
    assert error is not None
    assert reason in str(error)
    assert "hunter2" not in str(error)
    assert error.is_transient is is_transient


def test_what_is_no_answer_of_azures_passes() -> None:
    assert translated(KeyError("x"), URL, "write") is None
