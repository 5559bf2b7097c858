"""Everything that `make bench` prints, or what of it is named: `make bench ONLY="storage cold_start"`."""

import os
import sys

from rich.console import Console

from benchmarks import demo_times
from benchmarks.emulator import (
    api_calls,
    chain_calls,
    deep_queue,
    receipt,
    replicas,
    serve_start,
    submits,
    throughput,
)
from benchmarks.storage import artifacts, cold_start, model_speed, storage, store_requests

_EMULATOR = (submits, deep_queue, receipt, api_calls, throughput, replicas, chain_calls, serve_start)
_STORING = (storage, artifacts, store_requests, cold_start, model_speed, demo_times)
_BENCHMARKS = {each.__name__.rpartition(".")[2]: each for each in (*_EMULATOR, *_STORING)}

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(_BENCHMARKS)
    if unknown := set(chosen) - set(_BENCHMARKS):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(_BENCHMARKS)}")
    # Where it is set, each command that is measured would compile its packages anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    console = Console()
    for name in chosen:
        _BENCHMARKS[name].run(console)
