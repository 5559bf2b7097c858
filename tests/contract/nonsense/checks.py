"""What must hold of every operation on a server that answers nonsense."""

import logging
from collections.abc import Iterable

import pytest

from tests.contract.nonsense.kept_exceptions import kept_by
from tests.contract.nonsense.operations import CANARY, OPERATIONS, one_try, opened
from tests.contract.nonsense.server import Nonsense
from truss_outputs import StoreError
from truss_outputs.secrecy.forms import pattern_of

_SDKS = ("boto", "azure.", "google.", "requests", "urllib3", "obstore")


def check(
    server: Nonsense, answer: str, kind: str, operations: Iterable[str], caplog: pytest.LogCaptureFixture
) -> int:
    """Check that each failure is a StoreError that keeps no secret; return how many failures there were."""
    server.be(answer, CANARY)
    secret = pattern_of(CANARY)
    failures = 0
    with opened(kind, server.endpoint) as store, caplog.at_level(logging.INFO):
        for name in operations:
            try:
                with one_try():
                    OPERATIONS[name](store)
            except StoreError as error:
                failures += 1
                assert str(error).startswith(store.url)
                for each in kept_by(error):
                    assert not secret.search(repr(each))
                    assert not type(each).__module__.startswith(_SDKS)
    assert not secret.search(caplog.text)
    return failures
