"""Requests a second, end to end: through the emulator, and straight to a Truss server like its own.

The limit to reach for is what the server gives when it is called directly, with as many calls at once.
"""

import operator
import statistics
import tempfile
import time
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from async_emulator.testing.emulator_process import EmulatorProcess
from benchmarks.emulator.bare_server import HEADERS, BareServer
from benchmarks.emulator.completion import wait_until_done
from benchmarks.emulator.echo_truss import BenchTruss
from benchmarks.emulator.http_load import http_message, run_load

REQUESTS = 1_000
ROUNDS = 7
CONCURRENCIES = (8, 32)
GOAL = 0.85


def run(console: Console) -> None:
    """Print one row for each concurrency."""
    table = Table("concurrency", "direct /s", "emulator /s", "ratio", f"goal {GOAL}", title="end to end")
    with tempfile.TemporaryDirectory() as folder:
        for concurrency in CONCURRENCIES:
            direct, through = _measure(Path(folder) / str(concurrency), concurrency)
            ratio = statistics.median(map(operator.truediv, through, direct))
            verdict = "reached" if ratio >= GOAL else "missed"
            rates = [f"{statistics.median(rate):.0f}" for rate in (direct, through)]
            table.add_row(str(concurrency), *rates, f"{ratio:.2f}", verdict)
    console.print(table)
    console.print(
        f"{REQUESTS:,} small requests a round, each way has its own server; medians of {ROUNDS} rounds\n"
    )


def _measure(folder: Path, concurrency: int) -> tuple[list[float], list[float]]:
    truss = BenchTruss(folder, concurrency=concurrency)
    with (
        EmulatorProcess(*truss.arguments) as emulator,
        httpx.Client(base_url=emulator.base_url, headers=emulator.headers, trust_env=False) as http,
    ):
        emulator.wait_until_ready()
        bare = BareServer.like_that_of(truss.server_pid, folder / "bare")
        with bare.running() as url:
            rounds = [
                (_direct(url, concurrency), _through(emulator, http, concurrency))
                for _ in range(ROUNDS + 1)  # the first is for warming up
            ]
    direct, through = zip(*rounds[1:], strict=True)
    return list(direct), list(through)


def _direct(url: str, concurrency: int) -> float:
    message = http_message(url, "POST", HEADERS, b'{"number": 1}')
    return run_load(url, message, calls=REQUESTS, connections=concurrency, status=200).rate


def _through(emulator: EmulatorProcess, http: httpx.Client, concurrency: int) -> float:
    """From the first submit to the end of the last request."""
    url = f"{emulator.base_url}/production/async_predict"
    message = http_message(url, "POST", emulator.headers, b'{"model_input": {"number": 1}}')
    started = time.perf_counter()
    run_load(url, message, calls=REQUESTS, connections=concurrency, status=201)
    wait_until_done(http)
    return REQUESTS / (time.perf_counter() - started)
