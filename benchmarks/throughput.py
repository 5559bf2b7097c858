"""Requests a second, end to end: through the emulator, and straight to the same Truss server.

The limit to reach for is what the server gives when it is called directly, with as many calls at once.
"""

import asyncio
import operator
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from async_emulator.emulator_process import EmulatorProcess
from benchmarks.echo_truss import BenchTruss

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
        f"{REQUESTS:,} small requests a round, the same server process for both, medians of {ROUNDS} rounds\n"
    )


def _measure(folder: Path, concurrency: int) -> tuple[list[float], list[float]]:
    truss = BenchTruss(folder, concurrency=concurrency)
    with EmulatorProcess(*truss.arguments) as emulator:
        emulator.wait_until_ready()
        return asyncio.run(_rates(truss.predict_url, emulator, concurrency))


async def _rates(
    predict_url: str, emulator: EmulatorProcess, concurrency: int
) -> tuple[list[float], list[float]]:
    direct, through = [], []
    for _ in range(ROUNDS + 1):  # the first is for warming up
        # New each round: on a busy machine a server may close what was idle during a round of the other.
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(headers=emulator.headers, connector=connector) as session:
            direct.append(await _rate(partial(_call_directly, session, predict_url, concurrency)))
            through.append(await _rate(partial(_call_through, session, emulator.base_url, concurrency)))
    return direct[1:], through[1:]


async def _rate(work: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await work()
    return REQUESTS / (time.perf_counter() - started)


async def _call_directly(session: aiohttp.ClientSession, url: str, concurrency: int) -> None:
    bodies = [{"number": number} for number in range(REQUESTS)]
    await _post(session, url, bodies, concurrency, 200)


async def _call_through(session: aiohttp.ClientSession, base_url: str, concurrency: int) -> None:
    url = f"{base_url}/production/async_predict"
    bodies = [{"model_input": {"number": number}} for number in range(REQUESTS)]
    await _post(session, url, bodies, concurrency, 201)
    while await _outstanding(session, base_url):  # noqa: ASYNC110  # a server far away sets no event
        await asyncio.sleep(0.02)


async def _post(
    session: aiohttp.ClientSession,
    url: str,
    bodies: Sequence[Mapping[str, object]],
    concurrency: int,
    status: int,
) -> None:
    waiting = iter(bodies)

    async def one_after_another() -> None:
        for body in waiting:
            async with session.post(url, json=body) as response:
                await response.read()
                if response.status != status:
                    raise RuntimeError(f"{url} answered {response.status}")

    await asyncio.gather(*(one_after_another() for _ in range(concurrency)))


async def _outstanding(session: aiohttp.ClientSession, base_url: str) -> int:
    async with session.get(f"{base_url}/production/async_queue_status") as response:
        status = await response.json()
    return int(status["num_queued_requests"]) + int(status["num_in_progress_requests"])
