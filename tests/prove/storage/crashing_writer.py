"""Writes results without end, and prints each request id once it is stored. Its end is to be killed.

python -m tests.prove.storage.crashing_writer NAME URL [ENDPOINT ENGINE]
"""

import itertools
import sys

from tests.prove.storage.stores import open_store
from truss_outputs import OutputWriter

BLOBS = {f"part{part}": bytes([part]) * 50_000 for part in range(3)}

if __name__ == "__main__":
    name, url, *endpoint = sys.argv[1:]
    writer = OutputWriter(open_store(url, *endpoint))
    for number in itertools.count():
        request_id = f"{name}-{number}"
        writer.write({"id": request_id, **BLOBS}, request_id)
        print(request_id, flush=True)
