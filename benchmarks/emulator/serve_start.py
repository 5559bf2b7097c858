"""From `truss-async serve` on a Truss that was built before to ready, beside the bare server's own start."""

import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from async_emulator.testing.emulator_process import EmulatorProcess
from benchmarks.emulator.bare_server import BareServer
from benchmarks.emulator.echo_truss import BenchTruss

ROUNDS = 15
GOAL = 1.5


def run(console: Console) -> None:
    """Print one row for each way to start."""
    with tempfile.TemporaryDirectory() as name:
        truss = BenchTruss(Path(name))
        with EmulatorProcess(*truss.arguments) as emulator:
            emulator.wait_until_ready()
            bare = BareServer.like_that_of(truss.server_pid, Path(name) / "bare")
        rounds = [(_serve_seconds(truss), _alone_seconds(bare)) for _ in range(ROUNDS)]
    table = Table("", "seconds", "of the bare server's", f"goal {GOAL}", title="from the command to ready")
    ratio = statistics.median(served / bare for served, bare in rounds)
    served, alone = (statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    table.add_row("bare server", f"{alone:.2f}", "", "")
    table.add_row(
        "truss-async serve", f"{served:.2f}", f"{ratio:.2f}", "reached" if ratio <= GOAL else "missed"
    )
    console.print(table)
    console.print(f"the same server, environment and variables; medians of {ROUNDS} starts, in turns\n")


def _serve_seconds(truss: BenchTruss) -> float:
    started = time.perf_counter()
    with EmulatorProcess(*truss.arguments) as emulator:
        emulator.wait_until_ready()
        return time.perf_counter() - started


def _alone_seconds(server: BareServer) -> float:
    started = time.perf_counter()
    with server.running():
        return time.perf_counter() - started
