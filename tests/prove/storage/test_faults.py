"""Writes to S3 while a fifth of all requests fail."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.prove.storage.conftest import ENGINES
from tests.prove.storage.fault_proxy import FAULTS, FaultProxy
from tests.prove.storage.stores import BUCKET, audit, open_store
from truss_outputs import OutputReader, OutputWriter, StoreError

WRITES = 2_000
SHARE = 0.2


@pytest.mark.parametrize("engine", ENGINES)
def test_of_two_thousand_writes_none_is_lost_doubled_or_corrupt(moto, engine):
    blobs = random.Random(7)
    outputs: dict[str, object] = {}
    for number in range(WRITES):  # half of them JSON alone, half with an artifact
        blob = {"blob": blobs.randbytes(blobs.randrange(1, 20_000))} if number % 2 else {}
        outputs[f"{engine}{number}"] = {"number": number, **blob}
    url = f"s3://{BUCKET}/faults-{engine}"
    failed: dict[str, StoreError] = {}
    with FaultProxy.before(moto, share=SHARE, seed=11) as proxy:
        writer = OutputWriter(open_store(url, proxy.url, engine))

        def write(request_id: str) -> None:
            try:
                writer.write(outputs[request_id], request_id)
            except StoreError as error:
                failed[request_id] = error

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(write, outputs))
        assert set(proxy.faults) == set(FAULTS)
    store = open_store(url, moto, engine)
    results = audit(store)
    reader = OutputReader(store)
    assert {request_id for request_id in outputs if request_id not in results} <= set(failed)
    for request_id, result in results.items():
        assert reader.value(result) == outputs[request_id]
    assert len(failed) <= WRITES // 100, list(failed.values())[:3]  # reported, and rare
