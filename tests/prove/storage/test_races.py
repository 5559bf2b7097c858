"""Concurrent attempts at one request: one winner, whatever the store."""

import functools
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.prove.storage.conftest import StoreOf
from tests.prove.storage.stores import audit
from truss_outputs import OutputReader, OutputWriter, ResultReference

RACES = 1_000
WRITERS = 4


def test_a_thousand_races_have_one_winner_each(store_of: StoreOf, request: pytest.FixtureRequest):
    store = store_of("races")
    races = (
        RACES if "s3" not in request.node.name else RACES // 5
    )  # a thousand of all kinds of S3 take minutes
    reader = OutputReader(store)
    with ThreadPoolExecutor(WRITERS) as pool:
        for race in range(races):
            request_id = f"race{race}"
            writers = [OutputWriter(store, model_id=str(number)) for number in range(WRITERS)]
            write = functools.partial(_write, request_id=request_id)
            references = list(pool.map(write, writers))
            winner = reader.load(request_id)
            assert {reference.attempt for reference in references} == {winner.truss_outputs.attempt}
            value = reader.value(winner)
            assert value["blob"] == b"%d" % value["by"]
            keys = [entry.key for entry in store.list(f"{request_id}/")]
            assert len(keys) == 2, f"the losers of {request_id} left {keys}"
    assert len(audit(store)) == races


def _write(writer: OutputWriter, request_id: str) -> ResultReference:
    return writer.write({"by": id(writer), "blob": b"%d" % id(writer)}, request_id)
