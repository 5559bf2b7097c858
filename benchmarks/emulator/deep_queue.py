"""What a deep queue costs: the rate of submits, memory, and a start after `kill -9`."""

import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from async_emulator.testing.emulator_process import EmulatorProcess
from benchmarks.emulator.echo_truss import BenchTruss
from benchmarks.emulator.http_load import http_message, run_load

DEPTHS = (500, 10_000, 50_000)
SUBMITS = 1_000
CONNECTIONS = 32
ROUNDS = 15
RESTARTS = 3
GOAL_RATE = 0.9
GOAL_MB = 120
GOAL_RESTART_SECONDS = 2.0


def run(console: Console) -> None:
    """Print one row for each depth."""
    columns = ("queued", "submits /s", "of the first", f"goal {GOAL_RATE}", "PSS", f"goal {GOAL_MB} MB")
    restart = ("restarted in", f"goal {GOAL_RESTART_SECONDS:.0f} s")
    table = Table(*columns, *restart, title="a deep queue")
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        queues = [stack.enter_context(_Queue(Path(name) / str(depth), depth)) for depth in DEPTHS]
        for queue in queues:
            queue.begin()
        rounds = [_round(queues, number) for number in range(ROUNDS)]
        for queue in queues:
            rate = statistics.median(each[queue.depth] for each in rounds)
            ratio = statistics.median(each[queue.depth] / each[DEPTHS[0]] for each in rounds)
            memory = queue.pss_mb()
            seconds = statistics.median(queue.restart_seconds() for _ in range(RESTARTS))
            table.add_row(
                f"{queue.depth:,}",
                *(f"{rate:,.0f}", f"{ratio:.2f}", _verdict(ratio >= GOAL_RATE)),
                *(f"{memory:.0f} MB", _verdict(memory <= GOAL_MB)),
                *(f"{seconds:.2f} s", _verdict(seconds <= GOAL_RESTART_SECONDS)),
            )
    console.print(table)
    console.print(
        f"medians of {ROUNDS} rounds of {SUBMITS:,} submits over {CONNECTIONS} connections, the depths in "
        "turns; PSS of the emulator without its model; restarted: from the command to the first answered "
        f"status call, after kill -9, medians of {RESTARTS}\n"
    )


def _round(queues: "Sequence[_Queue]", number: int) -> dict[int, float]:
    """The rate at each depth; no depth is always the first."""
    first = number % len(queues)
    return {queue.depth: queue.submit_rate() for queue in (*queues[first:], *queues[:first])}


def _verdict(is_reached: bool) -> str:
    return "reached" if is_reached else "missed"


class _Queue:
    """An emulator that runs nothing, with about `depth` requests in its queue."""

    def __init__(self, folder: Path, depth: int) -> None:
        self.depth = depth
        self._truss = BenchTruss(folder)
        self._emulator = self._start()

    def __enter__(self) -> "_Queue":
        return self

    def __exit__(self, *_: object) -> None:
        self._emulator.stop()

    def begin(self) -> None:
        """Fill the queue, with nothing to empty it."""
        self._emulator.wait_until_ready()
        self._emulator.control.pause()
        self.fill()

    def fill(self) -> None:
        """Queue `depth` requests."""
        self._submit(self.depth)
        [request] = self._emulator.control.requests(limit=1)
        self._request_id = request["request_id"]

    def submit_rate(self) -> float:
        """Submits a second, at this depth or above, after as many others at every depth."""
        if self.depth == DEPTHS[0]:
            self._emulator.control.clear_requests()
            self.fill()
        else:
            self._submit(DEPTHS[0])
        return self._submit(SUBMITS)

    def pss_mb(self) -> float:
        """Proportional set size of the emulator's own process."""
        lines = Path(f"/proc/{self._emulator.process.pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1_024

    def restart_seconds(self) -> float:
        """From the command, after a kill, to the answer about a request that was queued before it.

        The emulator does not run on: it would run what is queued.
        """
        self._emulator.kill()
        started = time.perf_counter()
        self._emulator = self._start()
        url = f"{self._emulator.base_url}/async_request/{self._request_id}"
        answer = httpx.get(url, headers=self._emulator.headers, timeout=60, trust_env=False)
        seconds = time.perf_counter() - started
        self._emulator.kill()
        answer.raise_for_status()
        return seconds

    def _start(self) -> EmulatorProcess:
        return EmulatorProcess(*self._truss.arguments, "--control")

    def _submit(self, number: int) -> float:
        url = f"{self._emulator.base_url}/production/async_predict"
        body = json.dumps({"model_input": {"prompt": "hello"}, "max_time_in_queue_seconds": 3_600}).encode()
        message = http_message(url, "POST", self._emulator.headers, body)
        return run_load(url, message, calls=number, connections=CONNECTIONS, status=201).rate
