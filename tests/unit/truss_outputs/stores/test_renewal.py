import math
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from google.api_core.exceptions import Unauthorized
from google.auth.exceptions import RefreshError
from pydantic import SecretStr

from tests.unit.truss_outputs.faulty_store import Clock
from truss_outputs import MemoryStore, SettingsError, Store, StoreError, from_url
from truss_outputs.errors import CredentialsRefused
from truss_outputs.store import EndsInTime
from truss_outputs.stores.azure import errors as azure_errors
from truss_outputs.stores.bucket_urls import BucketUrls
from truss_outputs.stores.credentials import Credentials
from truss_outputs.stores.gcs import errors as gcs_errors
from truss_outputs.stores.options import WRITE_TIMEOUT_SECONDS
from truss_outputs.stores.renewal import RenewedStore, renewed_when_refused
from truss_outputs.stores.s3.options import S3Options
from truss_outputs.stores.sdk_errors import xml_errors


class Bucket(BucketUrls):
    """Takes requests with the current key only."""

    def __init__(self, rotating: "Rotating", key: int) -> None:
        super().__init__("s3", "bucket", "")
        self.key = key
        self._rotating = rotating

    def put_seconds(self, size: int) -> float | None:
        return 10.0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def ask(*given: Any, **named: Any) -> Any:
            self._rotating.asked += 1
            self._rotating.clock.sleep(self._rotating.answer_seconds)
            if self.key != self._rotating.key:
                raise CredentialsRefused("s3://bucket/", "ExpiredToken: …", is_transient=False)
            return getattr(self._rotating.inner, name)(*given, **named)

        return ask


class Rotating:
    """A bucket whose key is replaced, and where a store is opened with the key of that moment."""

    def __init__(self) -> None:
        self.key = self.found = 1
        self.opened = self.asked = 0
        self.inner = MemoryStore()
        self.clock = Clock()
        self.answer_seconds = 0.0

    def open(self) -> Store:
        self.opened += 1
        return cast(Store, Bucket(self, self.found))

    def rotate(self) -> None:
        self.key += 1
        self.found = self.key


@pytest.fixture
def rotating() -> Rotating:
    return Rotating()


OPERATIONS: dict[str, Callable[[Store], object]] = {
    "put": lambda store: store.put("a", b"x", content_type="text/plain"),
    "get": lambda store: store.get("a"),
    "open": lambda store: list(store.open("a")),
    "head": lambda store: store.head("a").size,
    "delete": lambda store: store.delete("a"),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_what_was_refused_is_asked_once_more_with_the_new_key(
    rotating: Rotating, operation: Callable[[Store], object]
) -> None:
    store = renewed_when_refused(rotating.open)
    store.put("a", b"x", content_type="text/plain")
    rotating.rotate()
    rotating.asked = 0
    operation(store)
    assert (rotating.asked, rotating.opened) == (2, 2)


def test_a_key_that_stays_wrong_is_not_looked_for_at_every_request(rotating: Rotating) -> None:
    clock = Clock()
    store = RenewedStore(rotating.open(), rotating.open, clock=clock.time)
    rotating.key = 2  # which nobody has been told yet
    for _ in range(1000):
        with pytest.raises(CredentialsRefused):
            store.get("a")
    assert rotating.opened == 2
    rotating.found = 2
    clock.now += 5
    store.put("a", b"x", content_type="text/plain")
    assert rotating.opened == 3


def test_threads_that_are_refused_together_open_one_store(rotating: Rotating) -> None:
    store = renewed_when_refused(rotating.open)
    rotating.rotate()
    together = threading.Barrier(16)
    failed: list[Exception] = []

    def put(number: int) -> None:
        together.wait(5)
        try:
            store.put(str(number), b"x", content_type="text/plain")
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failed, rotating.opened) == ([], 2)


def test_a_stream_is_not_put_twice(rotating: Rotating) -> None:
    store = renewed_when_refused(rotating.open)
    rotating.rotate()

    def stream() -> Iterator[bytes]:
        yield b"x"

    with pytest.raises(CredentialsRefused):
        store.put("a", stream(), content_type="text/plain")
    store.put("a", stream(), content_type="text/plain")
    assert store.get("a") == b"x"


def test_a_refusal_that_took_long_is_not_asked_again(rotating: Rotating) -> None:
    store = RenewedStore(rotating.open(), rotating.open, clock=lambda: rotating.clock.now)
    rotating.rotate()
    rotating.answer_seconds = 2.0
    with pytest.raises(CredentialsRefused):
        store.put("a", b"x", content_type="text/plain")
    assert rotating.clock.now <= (store.put_seconds(1) or 0)
    store.put("a", b"x", content_type="text/plain")
    assert (rotating.asked, rotating.opened) == (2, 2)


def test_a_write_with_the_default_settings_needs_no_other_thread() -> None:
    """Its put and a second one under another key end before the write's deadline."""
    options = S3Options(
        region="us-east-1",
        engine="obstore",
        credentials=Credentials(access_key_id="id", secret_access_key=SecretStr("key")),
    )
    store = renewed_when_refused(lambda: from_url("s3://bucket", options=options))
    assert isinstance(store, EndsInTime)
    assert (store.put_seconds(1_000_000) or math.inf) < 0.9 * WRITE_TIMEOUT_SECONDS


def test_without_another_key_the_refusal_stands(rotating: Rotating) -> None:
    def open() -> Store:
        if rotating.opened:
            raise SettingsError("model_metadata.truss_outputs.x", "the secret 'x' is missing")
        return rotating.open()

    store = renewed_when_refused(open)
    rotating.rotate()
    with pytest.raises(CredentialsRefused, match="ExpiredToken"):
        store.get("a")


def test_a_place_that_is_no_bucket_has_no_key() -> None:
    memory = MemoryStore()
    assert renewed_when_refused(lambda: memory) is memory


@pytest.mark.parametrize(
    "code",
    ["ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "TokenRefreshRequired"],
)
def test_s3_does_not_know_who_asks(code: str) -> None:
    error = xml_errors.answer("s3://b/k", code=code, status=403, action="s3:PutObject", was_retried=False)
    assert isinstance(error, CredentialsRefused)


@pytest.mark.parametrize(
    "code", ["AuthenticationFailed", "AuthorizationFailure", "InvalidAuthenticationInfo"]
)
def test_azure_does_not_know_who_asks(code: str) -> None:
    error = azure_errors.answer("az://c/k", code=code, status=403, action="write", was_retried=False)
    assert isinstance(error, CredentialsRefused)


@pytest.mark.parametrize("error", [Unauthorized("x"), RefreshError("x")])  # type: ignore[no-untyped-call]
def test_google_does_not_know_who_asks(error: Exception) -> None:
    assert isinstance(gcs_errors.translated(error, "gs://b/k", "storage.objects.get"), CredentialsRefused)


def test_who_is_known_and_may_not_has_no_other_key() -> None:
    for answer, code in ((xml_errors.answer, "AccessDenied"), (azure_errors.answer, "BlobArchived")):
        error = answer("s3://b/k", code=code, status=403, action="s3:PutObject", was_retried=False)
        assert not isinstance(error, CredentialsRefused)
