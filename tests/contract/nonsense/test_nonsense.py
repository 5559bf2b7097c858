"""A server that answers what no bucket would. `make prove` has more answers, and all operations."""

from collections.abc import Iterator

import pytest

from tests.contract.nonsense import server as nonsense
from tests.contract.nonsense.checks import check
from tests.contract.nonsense.operations import KINDS, OPERATIONS, one_try, opened
from tests.contract.nonsense.server import Nonsense
from truss_outputs import StoreError


@pytest.fixture(scope="module")
def server() -> Iterator[Nonsense]:
    with nonsense.served() as found:
        yield found


def test_half_of_a_chunk_that_google_stored_fails_the_upload(
    server: Nonsense, caplog: pytest.LogCaptureFixture
) -> None:
    """The SDK would send the rest again, and a stream that has passed cannot be read again."""
    assert check(server, "half of a chunk was stored", "gs sdk", ("stream",), caplog)


@pytest.mark.parametrize("kind", KINDS)
def test_every_failure_is_a_store_error_that_keeps_no_secret(
    server: Nonsense, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert check(
        server, "a refusal that quotes the key", kind, ("put", "get", "open", "head", "list"), caplog
    )
    assert check(server, "json of other fields", kind, ("head", "list"), caplog)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("operation", ["put", "get", "list"])
def test_a_failure_names_the_operation_and_what_the_socket_said(kind: str, operation: str) -> None:
    with opened(kind, "http://127.0.0.1:9") as store, one_try():
        with pytest.raises(StoreError) as caught:
            OPERATIONS[operation](store)
        assert str(caught.value).startswith(store.url)
        assert f": {operation}: " in str(caught.value)
        assert "Connection refused" in str(caught.value)
