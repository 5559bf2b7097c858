"""A chain through the emulator: eight calls of a worker that takes 100 ms, one after the other and at once.

Beside it stands the worker's own server, called directly; two replicas run the calls that come at once.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from async_emulator.testing.emulator_process import EmulatorProcess
from benchmarks.emulator.bare_server import HEADERS, BareServer

ITEMS = 8
REPLICAS = 2
WORK_SECONDS = 0.1
ROUNDS = 7
GOAL = 0.6

_CHAIN = f"""
import asyncio, os, pathlib
import truss_chains as chains

IMAGE = chains.DockerImage(base_image=chains.BasetenImage.PY311)


class Worker(chains.ChainletBase):
    remote_config = chains.RemoteConfig(docker_image=IMAGE)

    def __init__(self) -> None:
        pathlib.Path(os.environ["PORTS"], str(os.getpid())).write_text(os.environ["INFERENCE_SERVER_PORT"])

    async def run_remote(self, item: int) -> int:
        await asyncio.sleep({WORK_SECONDS})
        return item


@chains.mark_entrypoint("Fan")
class Fan(chains.ChainletBase):
    remote_config = chains.RemoteConfig(docker_image=IMAGE)

    def __init__(self, worker: Worker = chains.depends(Worker)) -> None:
        self._worker = worker

    async def run_remote(self, items: int, at_once: bool) -> list[int]:
        if at_once:
            return list(await asyncio.gather(*(self._worker.run_remote(item) for item in range(items))))
        return [await self._worker.run_remote(item) for item in range(items)]
"""


def run(console: Console) -> None:
    """Print one row for each way to have the work done."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chain = folder / "chain" / "chain.py"
        ports = folder / "ports"
        for made in (chain.parent, ports):
            made.mkdir()
        chain.write_text(_CHAIN)
        options = ("--replicas", str(REPLICAS), "--data-dir", folder / "data", "--env", f"PORTS={ports}")
        with EmulatorProcess(chain, *options) as emulator:
            emulator.wait_until_ready()
            workers = [
                BareServer.like_that_of(int(file.name), folder / f"bare-{file.name}")
                for file in ports.iterdir()
            ]
            with ExitStack() as running:
                urls = [running.enter_context(worker.running()) for worker in workers]
                times = asyncio.run(_times(emulator, urls))
    table = Table(
        "", "seconds", "of the chain, one after the other", f"goal {GOAL}", title="calls in a chain"
    )
    sequential = times["chain, one after the other"]
    for way, seconds in times.items():
        ratio = statistics.median(each / whole for each, whole in zip(seconds, sequential, strict=True))
        verdict = "" if way != "chain, at once" else "reached" if ratio <= GOAL else "missed"
        table.add_row(way, f"{statistics.median(seconds):.3f}", f"{ratio:.2f}", verdict)
    console.print(table)
    console.print(
        f"{ITEMS} calls of a worker that takes {WORK_SECONDS} s, {REPLICAS} replicas of one slot each; "
        f"medians of {ROUNDS} rounds, the ways in turns\n"
    )


async def _times(emulator: EmulatorProcess, urls: list[str]) -> dict[str, list[float]]:
    async with aiohttp.ClientSession(headers={**emulator.headers, **HEADERS}) as session:
        run_remote = f"{emulator.base_url}/production/run_remote"

        async def post(url: str, body: object) -> None:
            async with session.post(url, json=body) as response:
                await response.read()
                response.raise_for_status()

        async def work(url: str, items: int) -> None:
            for item in range(items):
                await post(url, {"item": item})

        async def share_work() -> None:
            await asyncio.gather(*(work(url, ITEMS // len(urls)) for url in urls))

        ways: dict[str, Callable[[], Awaitable[None]]] = {
            "worker directly, one after the other": lambda: work(urls[0], ITEMS),
            "worker directly, at once": share_work,
            "chain, one after the other": lambda: post(run_remote, {"items": ITEMS, "at_once": False}),
            "chain, at once": lambda: post(run_remote, {"items": ITEMS, "at_once": True}),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS + 1):
            for name, way in ways.items():
                started = time.perf_counter()
                await way()
                times[name].append(time.perf_counter() - started)
    return {name: seconds[1:] for name, seconds in times.items()}
