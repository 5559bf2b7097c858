"""Every operation, of every engine, on a server that answers what no bucket would."""

from collections.abc import Iterator

import pytest

from tests.contract.nonsense import server as nonsense
from tests.contract.nonsense.checks import check
from tests.contract.nonsense.operations import KINDS, OPERATIONS
from tests.contract.nonsense.server import ANSWERS, Nonsense


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
