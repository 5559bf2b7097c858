"""Everything that `make bench` prints."""

from rich.console import Console

from benchmarks import (
    api_calls,
    chain_calls,
    cold_start,
    deep_queue,
    demo_times,
    model_speed,
    receipt,
    replicas,
    serve_start,
    storage,
    submits,
    throughput,
)

_EMULATOR = (submits, deep_queue, receipt, api_calls, throughput, replicas, chain_calls, serve_start)
_STORING = (storage, cold_start, model_speed, demo_times)

if __name__ == "__main__":
    console = Console()
    for benchmark in (*_EMULATOR, *_STORING):
        benchmark.run(console)
