"""A process that is told to end while its coroutine stores into a bucket that has stopped to answer."""

import asyncio
import signal
import subprocess
import sys
import threading
import time

import pytest
from aiohttp import web

from benchmarks.loopback_server import loopback_server
from tests.prove.storage.conftest import ENGINES
from tests.prove.storage.stores import BUCKET

pytestmark = [pytest.mark.prove, pytest.mark.timeout(60)]

STARTED = (
    f"<InitiateMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>any</Key>"
    "<UploadId>any</UploadId></InitiateMultipartUploadResult>"
)


@pytest.mark.parametrize("kind", ["small", "large", "stream"])
@pytest.mark.parametrize("engine", ENGINES)
def test_it_ends_at_once_and_has_committed_nothing(engine, kind):
    asked = threading.Event()
    paths: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        paths.append(request.path)
        if request.method == "POST" and "uploads" in request.query:
            return web.Response(body=STARTED, content_type="application/xml")
        asked.set()
        await asyncio.sleep(60)
        return web.Response()

    with loopback_server(handle) as endpoint:
        arguments = (f"s3://{BUCKET}/endings", endpoint, engine, kind)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.prove.storage.stalled_coroutine", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert asked.wait(30)
        told = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert time.monotonic() - told < 3
    assert b"CancelledError" in errors
    assert not any(path.endswith("result.json") for path in paths)
