"""The emulator around the conformance Truss, in this process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from async_emulator.clock import ManualClock
from tests.conformance_platform import ConformancePlatform


@pytest.fixture
async def conformance(tmp_path: Path) -> AsyncIterator[ConformancePlatform]:
    platform = ConformancePlatform(tmp_path, ManualClock())
    sweeping = asyncio.create_task(platform.sweeper.run())
    yield platform
    sweeping.cancel()
    await platform.stop()
