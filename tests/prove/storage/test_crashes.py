"""A writer that is killed at any moment leaves true results and nothing that looks like one."""

import hashlib
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.prove.storage.crashing_writer import BLOBS
from tests.prove.storage.stores import BUCKET, audit, open_store

ROOT = Path(__file__).resolve().parents[3]
KILLS = 20
WRITES = 300
CHECKSUMS = [f"sha256:{hashlib.sha256(blob).hexdigest()}" for blob in BLOBS.values()]


@pytest.mark.parametrize("kind", ["file", "s3-sdk", "s3-obstore"])
def test_what_was_acknowledged_is_there_and_what_is_there_is_whole(tmp_path, moto, kind):
    url = tmp_path.as_uri() if kind == "file" else f"s3://{BUCKET}/crashes-{kind}"
    place = [url] if kind == "file" else [url, moto, kind.removeprefix("s3-")]
    moments = random.Random(5)
    acknowledged: list[str] = []
    run = 0
    while len(acknowledged) < WRITES or run < KILLS:
        command = [sys.executable, "-m", "tests.prove.storage.crashing_writer", f"run{run}", *place]
        writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        acknowledged.append(writer.stdout.readline().strip())
        time.sleep(moments.uniform(0, 0.5))
        writer.kill()
        acknowledged += writer.stdout.read().split()
        writer.stdout.close()
        writer.wait()
        run += 1
        assert run < 200
    store = open_store(*place)
    results = audit(store)
    assert [request_id for request_id in acknowledged if request_id not in results] == []
    for request_id, result in results.items():
        assert isinstance(result.data, dict)
        assert result.data["id"] == request_id
        assert [artifact.checksum for artifact in result.truss_outputs.artifacts] == CHECKSUMS
