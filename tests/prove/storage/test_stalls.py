"""A request that stalls for a minute, with the settings that a model has by default."""

import asyncio
import time
from collections import Counter

import pytest
from aiohttp import web

from benchmarks.loopback_server import loopback_server
from tests.prove.storage.conftest import ENGINES
from tests.prove.storage.stores import BUCKET, open_store
from truss_outputs import OutputWriter

STALL_SECONDS = 60


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stall_of_a_minute_costs_one_retry(engine):
    seen: Counter[str] = Counter()

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        seen[request.path] += 1
        if request.path.endswith(".bin") and seen[request.path] == 1:
            await asyncio.sleep(STALL_SECONDS)
        return web.Response(headers={"ETag": '"x"'})

    with loopback_server(handle) as endpoint:
        writer = OutputWriter(open_store(f"s3://{BUCKET}/stalls", endpoint, engine))
        started = time.monotonic()
        writer.write({"a": b"first", "b": b"second"}, "request")
        assert time.monotonic() - started < 12
    assert sorted(seen.values()) == [1, 2, 2]
