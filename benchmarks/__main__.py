"""Everything that `make bench` prints."""

from rich.console import Console

from benchmarks import api_calls, cold_start, demo_times, model_speed, storage, throughput

if __name__ == "__main__":
    console = Console()
    for benchmark in (throughput, api_calls, storage, cold_start, model_speed, demo_times):
        benchmark.run(console)
