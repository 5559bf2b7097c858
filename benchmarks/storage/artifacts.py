"""How long one output of 20 artifacts takes where each request takes 50 ms."""

import asyncio
import statistics
import time

from aiohttp import web
from rich.console import Console
from rich.table import Table

from benchmarks.loopback_server import loopback_server
from truss_outputs import OutputSettings, OutputWriter

ARTIFACTS = 20
ANSWER_SECONDS = 0.05
ROUNDS = 5
GOAL_MS = 200


def run(console: Console) -> None:
    """Print the milliseconds that one write takes with each engine."""
    table = Table(
        "engine",
        "ms",
        title=f"{ARTIFACTS} artifacts, each request answered after {ANSWER_SECONDS * 1000:g} ms",
    )
    with loopback_server(_answer) as endpoint:
        for engine in ("obstore", "sdk"):
            table.add_row(engine, f"{_milliseconds(endpoint, engine):.0f}")
    console.print(table)
    console.print(f"goal {GOAL_MS} ms; medians of {ROUNDS}; the result itself is one request more\n")


def _milliseconds(endpoint: str, engine: str) -> float:
    names = {"access_key_id_secret": "id", "secret_access_key_secret": "key"}
    section = {"url": "s3://bucket/x", "endpoint_url": endpoint, "region": "us-east-1", "engine": engine}
    settings = OutputSettings.from_config({"model_metadata": {"truss_outputs": section | names}}, {})
    writer = OutputWriter(settings.open_store({"id": "an-id", "key": "a-key"}))
    output = {f"image{number}": b"x" * 10_000 for number in range(ARTIFACTS)}
    took = []
    for number in range(ROUNDS + 1):
        started = time.perf_counter()
        writer.write(output, f"request-{number}")
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took[1:])  # the first one also connects


async def _answer(request: web.Request) -> web.Response:
    await request.read()
    await asyncio.sleep(ANSWER_SECONDS)
    return web.Response(headers={"ETag": '"x"'})
