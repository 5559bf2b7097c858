"""A stub in the place of a chainlet, in the code that truss_chains generates around it.

The stub's `predict` gets the arguments of `run_remote`, by their names.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator
from typing import Any

from _truss_async import stub


class _StubChainlet:
    def __init__(self) -> None:
        if hasattr(stub, "load"):
            stub.load()


class SyncChainlet(_StubChainlet):
    """Stands for a chainlet whose `run_remote` is not async."""

    def run_remote(self, **arguments: Any) -> Any:
        """Return what the stub returns. It runs in a thread of its own, which has no event loop."""
        output = stub.predict(arguments)
        return asyncio.run(_awaited(output)) if inspect.isawaitable(output) else output


class AsyncChainlet(_StubChainlet):
    """Stands for a chainlet whose `run_remote` is async."""

    async def run_remote(self, **arguments: Any) -> Any:
        """Return what the stub returns; one that is not async runs in a thread."""
        if inspect.iscoroutinefunction(stub.predict):
            return await stub.predict(arguments)
        return await asyncio.get_running_loop().run_in_executor(None, stub.predict, arguments)


class StreamingChainlet(_StubChainlet):
    """Stands for a chainlet that streams."""

    async def run_remote(self, **arguments: Any) -> AsyncIterator[Any]:
        """Yield what the stub yields, whether it is async or not."""
        output = stub.predict(arguments)
        if hasattr(output, "__aiter__"):
            async for chunk in output:
                yield chunk
        else:
            for chunk in output:
                yield chunk


async def _awaited(output: Any) -> Any:
    return await output
