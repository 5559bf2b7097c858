"""Stores one output of many gigabytes, and prints by how many MB its process grew over it.

python -m tests.prove.storage.streaming_writer GIGABYTES URL [ENDPOINT ENGINE]
"""

import resource
import sys
from collections.abc import Iterator

from tests.prove.storage.stores import open_store
from truss_outputs import OutputWriter

CHUNK = b"\x5a" * 1_000_000


def chunks(gigabytes: int) -> Iterator[bytes]:
    """The output, as a model would yield it."""
    for _ in range(gigabytes * 1_000):
        yield CHUNK


def peak_mb() -> float:
    """The most memory the process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024 / 1e6


if __name__ == "__main__":
    gigabytes, url, *endpoint = sys.argv[1:]
    writer = OutputWriter(open_store(url, *endpoint))
    writer.write({"warm": b"up"}, "warm-up")
    before = peak_mb()
    writer.write({"video": chunks(int(gigabytes))}, "large")
    print(round(peak_mb() - before, 1))
