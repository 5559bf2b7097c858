"""Every operation, of every engine, on a server that answers what no bucket would."""

from collections.abc import Iterator

import pytest

from tests.contract.servers import nonsense
from tests.contract.servers.nonsense import ANSWERS, Nonsense
from tests.contract.stores.nonsense_checks import check
from tests.contract.stores.operations import KINDS, OPERATIONS


@pytest.fixture(scope="module")
def server() -> Iterator[Nonsense]:
    with nonsense.served() as found:
        yield found


# Google's SDK leaves the connection of an answer that it cannot read to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_every_failure_is_a_store_error_that_keeps_no_secret(
    server: Nonsense, answer: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    check(server, answer, kind, OPERATIONS, caplog)
