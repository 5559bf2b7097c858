"""What a second replica brings: requests completed a second, of a model that waits and one that works."""

import contextlib
import json
import statistics
import tempfile
import time
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from async_emulator.testing.emulator_process import EmulatorProcess
from benchmarks.emulator.completion import wait_until_done
from benchmarks.emulator.echo_truss import ECHO, BenchTruss
from benchmarks.emulator.http_load import http_message, run_load

ROUNDS = 5
GOAL = 1.5
_SLEEPING = """
class Model(TellsItsPort):
    def predict(self, model_input):
        time.sleep(0.05)
"""
# A model, how many requests a round, and the goal, where there is one: what does not wait needs cores.
MODELS = (("sleeps 50 ms", _SLEEPING, 40, GOAL), ("trivial", ECHO, 500, None))


def run(console: Console) -> None:
    """Print one row for each model."""
    table = Table("model", "1 replica /s", "2 replicas /s", "ratio", f"goal {GOAL}", title="a second replica")
    for name, model, requests, goal in MODELS:
        rounds = _rounds(model, requests)
        ratio = statistics.median(two / one for one, two in rounds)
        rates = [f"{statistics.median(rates):,.0f}" for rates in zip(*rounds, strict=True)]
        verdict = "" if goal is None else "reached" if ratio >= goal else "missed"
        table.add_row(name, *rates, f"{ratio:.2f}", verdict)
    console.print(table)
    console.print(f"one slot a replica, requests queued at once; medians of {ROUNDS} rounds, in turns\n")


def _rounds(model: str, requests: int) -> list[tuple[float, float]]:
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        emulators = []
        for replicas in ("1", "2"):
            truss = BenchTruss(Path(name) / replicas, model=model)
            arguments = (*truss.arguments, "--control", "--replicas", replicas)
            emulators.append(stack.enter_context(EmulatorProcess(*arguments)))
        for emulator in emulators:
            emulator.wait_until_ready()
        clients = [
            stack.enter_context(httpx.Client(base_url=each.base_url, headers=each.headers, trust_env=False))
            for each in emulators
        ]
        measured = [
            [_rate(emulator, http, requests) for emulator, http in zip(emulators, clients, strict=True)]
            for _ in range(ROUNDS + 1)
        ]
    return [(one, two) for one, two in measured[1:]]


def _rate(emulator: EmulatorProcess, http: httpx.Client, requests: int) -> float:
    """Requests completed a second, from a queue that is full when they begin."""
    emulator.control.pause()
    url = f"{emulator.base_url}/production/async_predict"
    body = json.dumps({"model_input": {"prompt": "hello"}}).encode()
    message = http_message(url, "POST", emulator.headers, body)
    run_load(url, message, calls=requests, connections=8, status=201)
    started = time.perf_counter()
    emulator.control.resume()
    wait_until_done(http)
    return requests / (time.perf_counter() - started)
