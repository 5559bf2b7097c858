"""Coroutines that run and end together."""

import asyncio
from collections.abc import Coroutine


async def together(*coroutines: Coroutine[None, None, None]) -> None:
    """Run all coroutines to their end. The first failure cancels the others and is raised."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
