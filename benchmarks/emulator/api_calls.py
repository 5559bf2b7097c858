"""What one call of the API costs: calls a second, and for each second of the emulator's own processor time.

The second is what the emulator could do alone: the caller shares the machine.
"""

import json
import os
import statistics
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from async_emulator.testing.emulator_process import EmulatorProcess
from benchmarks.emulator.echo_truss import BenchTruss
from benchmarks.emulator.http_load import http_message, run_load

CALLS = 4_000
CONNECTIONS = 16
ROUNDS = 5
GOALS = {"submit (durable)": 1_000, "status": 3_000}


def run(console: Console) -> None:
    """Print one row for each kind of call."""
    table = Table("call", "calls /s", "goal", "calls / CPU s", title="calls of the API, limits lifted")
    with tempfile.TemporaryDirectory() as folder:
        truss = BenchTruss(Path(folder))
        with EmulatorProcess(*truss.arguments, "--control") as emulator:
            emulator.wait_until_ready()
            emulator.control.pause()
            measured: dict[str, list[tuple[float, float]]] = {name: [] for name in GOALS}
            for _ in range(ROUNDS + 1):
                measured["submit (durable)"].append(_submits(emulator))
                measured["status"].append(_statuses(emulator))
                emulator.control.clear_requests()
    for name, rounds in measured.items():
        rate, by_cpu = (statistics.median(values) for values in zip(*rounds[1:], strict=True))
        verdict = "reached" if rate >= GOALS[name] else "missed"
        table.add_row(name, f"{rate:,.0f}", f"{GOALS[name]:,} {verdict}", f"{by_cpu:,.0f}")
    console.print(table)
    console.print(f"medians of {ROUNDS} rounds of {CALLS:,} calls over {CONNECTIONS} connections\n")


def _submits(emulator: EmulatorProcess) -> tuple[float, float]:
    body = json.dumps({"model_input": {"prompt": "hello"}}).encode()
    return _rates(emulator, "POST", "/production/async_predict", 201, body)


def _statuses(emulator: EmulatorProcess) -> tuple[float, float]:
    [request] = emulator.control.requests(limit=1)
    return _rates(emulator, "GET", f"/async_request/{request['request_id']}", 200)


def _rates(
    emulator: EmulatorProcess, method: str, path: str, status: int, body: bytes = b""
) -> tuple[float, float]:
    url = emulator.base_url + path
    message = http_message(url, method, emulator.headers, body)
    before = _processor_seconds(emulator.process.pid)
    load = run_load(url, message, calls=CALLS, connections=CONNECTIONS, status=status)
    return load.rate, CALLS / (_processor_seconds(emulator.process.pid) - before)


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
