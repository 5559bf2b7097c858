"""A store that fails on demand, its writer and reader, and a clock that only sleeping moves."""

import pytest

from tests.unit.truss_outputs.faulty_store import Clock, FaultyStore
from truss_outputs import OutputReader, OutputWriter


@pytest.fixture
def store() -> FaultyStore:
    return FaultyStore()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(store: FaultyStore, clock: Clock) -> OutputWriter:
    return OutputWriter(store, backoff=clock.backoff())


@pytest.fixture
def reader(store: FaultyStore) -> OutputReader:
    return OutputReader(store)
