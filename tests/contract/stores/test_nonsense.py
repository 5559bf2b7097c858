"""A server that answers what no bucket would. `make prove` has more answers, and all operations."""

from collections.abc import Iterator

import pytest

from tests.contract.servers import nonsense
from tests.contract.servers.nonsense import Nonsense
from tests.contract.stores.nonsense_checks import check
from tests.contract.stores.operations import KINDS


@pytest.fixture(scope="module")
def server() -> Iterator[Nonsense]:
    with nonsense.served() as found:
        yield found


@pytest.mark.parametrize("kind", KINDS)
def test_every_failure_is_a_store_error_that_keeps_no_secret(
    server: Nonsense, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert check(
        server, "a refusal that quotes the key", kind, ("put", "get", "open", "head", "list"), caplog
    )
    assert check(server, "json of other fields", kind, ("head", "list"), caplog)
