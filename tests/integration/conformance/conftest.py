"""The emulator around the conformance Truss, in this process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from async_emulator.clock import ManualClock
from tests.conformance_platform import ConformancePlatform


@pytest.fixture
async def conformance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConformancePlatform]:
    monkeypatch.setenv("BT_MODEL_ID", "model")  # as the emulator gives them to a model's server
    monkeypatch.setenv("BT_MODEL_DEPLOYMENT_ID", "deployment")
    platform = ConformancePlatform(tmp_path, ManualClock())
    sweeping = asyncio.create_task(platform.sweeper.run())
    yield platform
    sweeping.cancel()
    await platform.stop()
