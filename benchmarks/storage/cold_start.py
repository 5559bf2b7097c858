"""What storing adds to a cold start: in the real Truss server, from the import to the first result."""

import asyncio
import statistics
import tempfile
from pathlib import Path

import httpx
from aiohttp import web
from rich.console import Console
from rich.table import Table

from async_emulator.testing.emulator_process import EmulatorProcess
from benchmarks.bench_truss import write_truss
from benchmarks.loopback_server import loopback_server

ROUNDS = 3
GOAL_SECONDS = 0.15
GOAL_MB = 25

_MODEL = """
import resource
import time
from pathlib import Path

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6

before_mb, started = resident_mb(), time.perf_counter()

from truss_outputs import ModelOutputs

seconds = time.perf_counter() - started

class Model:
    def __init__(self, config, secrets, **kwargs):
        global seconds
        started = time.perf_counter()
        self._outputs = ModelOutputs.from_truss(config, secrets)
        seconds += time.perf_counter() - started

    def predict(self, model_input):
        started = time.perf_counter()
        self._outputs.store({"text": "x" * 10_000})
        return {"seconds": seconds + time.perf_counter() - started, "mb": resident_mb() - before_mb}
"""


def run(console: Console) -> None:
    """Print seconds and memory above those of a Truss without the plugin."""
    table = Table("engine", "seconds", "memory", title="cold start: what storing adds to a bare Truss")
    with tempfile.TemporaryDirectory() as folder, loopback_server(_accept) as endpoint:
        for engine in ("obstore", "sdk"):
            truss = Path(folder) / engine
            write_truss(truss, _MODEL, endpoint=endpoint, engine=engine)
            measured = [_measure(truss) for _ in range(ROUNDS)]
            seconds = statistics.median(one["seconds"] for one in measured)
            memory = statistics.median(one["mb"] for one in measured)
            table.add_row(engine, f"{seconds:.3f}", f"+{memory:.0f} MB")
    console.print(table)
    console.print(
        "from the import to the first stored result, without the model's own time; "
        f"goals with obstore: {GOAL_SECONDS} s, {GOAL_MB} MB; medians of {ROUNDS} starts\n"
    )


def _measure(truss: Path) -> dict[str, float]:
    with EmulatorProcess(truss, "--data-dir", truss.with_suffix(".data")) as emulator:
        emulator.wait_until_ready()
        answer = httpx.post(
            f"{emulator.base_url}/production/predict", json={}, headers=emulator.headers, timeout=60
        )
        measured: dict[str, float] = answer.raise_for_status().json()
        return measured


async def _accept(request: web.Request) -> web.Response:
    await request.read()
    await asyncio.sleep(0)
    return web.Response(headers={"ETag": '"e"'})
