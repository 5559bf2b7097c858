"""Stores from a coroutine, and ends in order when it is told to, as a server does.

python -m tests.prove.storage.stalled_coroutine URL ENDPOINT ENGINE KIND
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator

from starlette.requests import Request

from tests.prove.storage.stores import open_store
from truss_outputs import ModelOutputs


async def chunks() -> AsyncIterator[bytes]:
    while True:
        yield bytes(2**20)


async def main(url: str, endpoint: str, engine: str, kind: str) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    output = {"small": b"x", "large": bytes(100 * 2**20), "stream": chunks()}[kind]
    outputs = ModelOutputs.of_store(open_store(url, endpoint, engine))
    request = Request({"type": "http", "headers": [(b"x-baseten-request-id", b"stalled")]})
    print("storing", flush=True)
    await outputs.astore(output, request)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
