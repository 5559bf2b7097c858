"""From a call to its receipt by the model: submitted to an idle emulator, and posted to the server itself."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from async_emulator.testing.emulator_process import EmulatorProcess
from benchmarks.emulator.bare_server import HEADERS, BareServer
from benchmarks.emulator.echo_truss import BenchTruss

REQUESTS = 200
WARM_UP = 20
PAUSE_SECONDS = 0.02
GOAL_MS = 5.0

# Its clock is the caller's: both are processes of one machine.
_MODEL = """
class Model(TellsItsPort):
    def predict(self, model_input):
        seconds = time.time() - model_input["sent_at"]
        with open(model_input["file"], "a") as file:
            file.write(f"{seconds}\\n")
"""


def run(console: Console) -> None:
    """Print one row for each way to the model."""
    goal = f"goal p50 {GOAL_MS:.0f} ms"
    table = Table("", "p50 ms", "p90 ms", goal, title="from the call to the model's receipt")
    with tempfile.TemporaryDirectory() as name:
        truss = BenchTruss(Path(name), model=_MODEL)
        files = {way: Path(name) / way for way in ("server itself", "submitted")}
        with EmulatorProcess(*truss.arguments) as emulator:
            emulator.wait_until_ready()
            bare = BareServer.like_that_of(truss.server_pid, Path(name) / "bare")
            with bare.running() as predict_url:
                asyncio.run(_call(emulator, predict_url, files))
        for way, file in files.items():
            milliseconds = [float(line) * 1_000 for line in file.read_text().splitlines()[WARM_UP:]]
            p50, p90 = statistics.median(milliseconds), statistics.quantiles(milliseconds, n=10)[8]
            verdict = "" if way != "submitted" else "reached" if p50 <= GOAL_MS else "missed"
            table.add_row(way, f"{p50:.2f}", f"{p90:.2f}", verdict)
    console.print(table)
    console.print(f"{REQUESTS} requests each way, in turns, one at a time on an idle emulator\n")


async def _call(emulator: EmulatorProcess, predict_url: str, files: dict[str, Path]) -> None:
    directly, submitted = files
    async with aiohttp.ClientSession(headers=emulator.headers) as session:
        for _ in range(WARM_UP + REQUESTS):
            body: dict[str, object] = {"sent_at": time.time(), "file": str(files[directly])}
            async with session.post(predict_url, json=body, headers=HEADERS) as response:
                response.raise_for_status()
            await asyncio.sleep(PAUSE_SECONDS)
            body = {"model_input": {"sent_at": time.time(), "file": str(files[submitted])}}
            url = f"{emulator.base_url}/production/async_predict"
            async with session.post(url, json=body) as response:
                response.raise_for_status()
            await asyncio.sleep(PAUSE_SECONDS)
