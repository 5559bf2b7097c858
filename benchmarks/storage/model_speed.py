"""Whether storing slows a model: the real Truss server, a model that predicts for 50 ms, one at a time.

Its store is a server that takes 200 ms to answer. What counts is requests a second with and without writing.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
from aiohttp import web
from rich.console import Console
from rich.table import Table

from async_emulator.testing.emulator_process import EmulatorProcess
from benchmarks.bench_truss import write_truss
from benchmarks.loopback_server import loopback_server

REQUESTS = 100
AT_ONCE = 8
ROUNDS = 3
ANSWER_SECONDS = 0.2
GOAL = 0.95

_MODEL = """
import time
from starlette.requests import Request
from truss_outputs import ModelOutputs

class Model:
    def __init__(self, config, secrets, **kwargs):
        self._outputs = ModelOutputs.from_truss(config, secrets)

    def predict(self, model_input):
        time.sleep(0.05)
        return {"text": "x" * 10_000}
"""
_POSTPROCESS = """
    def postprocess(self, output, request: Request):
        return self._outputs.store(output, request)
"""


def run(console: Console) -> None:
    """Print requests a second without writing and with each engine."""
    table = Table("", "requests /s", "ratio", title="a model of 50 ms, its store answers in 200 ms")
    with tempfile.TemporaryDirectory() as folder, loopback_server(_answer_slowly) as endpoint:
        without = _measure(Path(folder) / "without", _MODEL, endpoint, "obstore")
        table.add_row("without writing", f"{without:.2f}", "")
        for engine in ("obstore", "sdk"):
            writing = _measure(Path(folder) / engine, _MODEL + _POSTPROCESS, endpoint, engine)
            table.add_row(f"writing each result, {engine}", f"{writing:.2f}", f"{writing / without:.3f}")
    console.print(table)
    console.print(f"goal {GOAL}; medians of {ROUNDS} rounds of {REQUESTS} requests\n")


def _measure(truss: Path, model: str, endpoint: str, engine: str) -> float:
    write_truss(truss, model, endpoint=endpoint, engine=engine)
    arguments = ("--data-dir", truss.with_suffix(".data"), "--concurrency-target", str(AT_ONCE))
    with EmulatorProcess(truss, *arguments) as emulator:
        emulator.wait_until_ready()
        return asyncio.run(_rate(f"{emulator.base_url}/production/predict", emulator.headers))


async def _rate(url: str, headers: dict[str, str]) -> float:
    rates = []
    async with aiohttp.ClientSession(headers=headers) as session:

        async def one_after_another(numbers: Iterator[int]) -> None:
            for number in numbers:
                async with session.post(url, json={"number": number}) as response:
                    if response.status != 200:
                        raise RuntimeError(await response.text())
                    await response.read()

        await one_after_another(iter(range(AT_ONCE)))
        for _ in range(ROUNDS):
            started = time.perf_counter()
            numbers = iter(range(REQUESTS))
            await asyncio.gather(*(one_after_another(numbers) for _ in range(AT_ONCE)))
            rates.append(REQUESTS / (time.perf_counter() - started))
    return statistics.median(rates)


async def _answer_slowly(request: web.Request) -> web.Response:
    await request.read()
    await asyncio.sleep(ANSWER_SECONDS)
    return web.Response(headers={"ETag": '"e"'})
