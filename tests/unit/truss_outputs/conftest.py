"""A store that fails on demand, a clock that stands until it is slept on, and a writer that uses both."""

import pytest

from tests.unit.truss_outputs.faulty_store import Clock, FaultyStore
from truss_outputs import OutputWriter


@pytest.fixture
def store() -> FaultyStore:
    return FaultyStore()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(store: FaultyStore, clock: Clock) -> OutputWriter:
    return OutputWriter(store, backoff=clock.backoff())
