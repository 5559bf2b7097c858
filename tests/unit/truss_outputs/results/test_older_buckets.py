"""What version 0.1.0 stored, to the byte, is still read."""

from tests.unit.truss_outputs.faulty_store import FaultyStore
from truss_outputs import OutputReader

ATTEMPT = "cb3a38ff8ceb4d1c9c2b0f0b9fb12cd0"
DOCUMENT = (
    '{"request_id":"r1","model_id":"","deployment_id":"","type":"async_request_completed",'
    f'"time":"2026-11-22T08:00:00.123456Z","data":{{"a":1,"é":{{"name":"_.bin","url":"file:///bucket/r1/{ATTEMPT}/_.bin",'
    '"content_type":"application/octet-stream","size":5,'
    '"checksum":"sha256:277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9"}},"errors":[],'
    f'"truss_outputs":{{"format":1,"attempt":"{ATTEMPT}","artifacts":[{{"name":"_.bin",'
    f'"url":"file:///bucket/r1/{ATTEMPT}/_.bin","content_type":"application/octet-stream","size":5,'
    '"checksum":"sha256:277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9",'
    '"path":["é"],"kind":"bytes"}]}}'
)


def test_a_result_of_0_1_0_is_read(store: FaultyStore, reader: OutputReader):
    store.put("r1/result.json", DOCUMENT.encode(), content_type="application/json")
    store.put(f"r1/{ATTEMPT}/_.bin", b"bytes", content_type="application/octet-stream")
    assert reader.value(reader.load("r1")) == {"a": 1, "é": b"bytes"}
