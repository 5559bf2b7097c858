"""The emulator in one process: everything as it ships but for the model, under a clock that tests turn."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from async_emulator.clock import AdvanceableClock, ManualClock
from async_emulator.deployments.chainlet_routes import ChainletRoutes
from async_emulator.deployments.platform import Platform as Lent
from async_emulator.deployments.queued_deployment import QueuedDeployment
from async_emulator.emulator_settings import EmulatorSettings
from async_emulator.http_server import HttpServer
from async_emulator.prediction.capacity import ReplicaSlots
from async_emulator.prediction.model import ModelServer
from async_emulator.queue.group_commit import GroupCommit
from async_emulator.queue.sqlite import SQLiteQueue
from async_emulator.queue.sweeper import Sweeper
from async_emulator.settings.api import ApiSettings
from async_emulator.settings.deployment import DeploymentSettings
from async_emulator.trusses.build_cache import BuildCache
from async_emulator.trusses.environment.environments import ModelEnvironments
from async_emulator.trusses.worker.client import TrussProcess
from async_emulator.webhooks.payload import Payload
from async_inference.codes import Kind
from async_inference.wire import AsyncPredictResult
from tests.fake_model import FakeModel
from tests.queued_request import START

API_KEY = "a-key"


class Receivers:
    """What every webhook got. See Connections."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, AsyncPredictResult]] = []
        self.accept = True

    async def connect(self, base_url: str, token: str) -> ModelServer:
        raise AssertionError("no replica is started")

    async def deliver(self, webhook_endpoint: str, payload: Payload) -> bool:
        self.delivered.append((webhook_endpoint, payload.result(START)))
        return self.accept


class Lines:
    """What the emulator would show. See Console."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def announce(self, line: str) -> None:
        self.lines.append(line)

    def log(self, lines: Sequence[str]) -> None:
        self.lines += lines

    def announce_ready(self) -> None:
        self.lines.append("ready")


class NoTruss:
    """Stands for a Truss that is never built. See TrussSource."""

    name = ""

    def __init__(self, chainlet: str | None = None) -> None:
        self.chainlet = chainlet

    async def context(self, announce: Callable[[str], None]) -> Path:
        raise AssertionError("nothing is built")

    def dynamic_config(self) -> Mapping[str, str]:
        return {}

    place = "config.yaml"
    stub = None


class Deployed(QueuedDeployment):
    """A deployment whose replicas the test opens by hand."""

    woken = 0
    active_replicas = 1
    starting_replicas = 0

    def __init__(self, settings: DeploymentSettings, lent: Lent, chainlet: str | None = None, **owner: Any):
        super().__init__(settings, NoTruss(chainlet), lent, **owner)
        self.killed: list[int] = []

    def wake(self) -> None:
        self.woken += 1

    def kill_replica(self, index: int) -> bool:
        self.killed.append(index)
        return index == 0


class Served:
    """One deployment, already named. See async_emulator's Served."""

    display_name = "my model"

    def __init__(self, *deployments: Deployed) -> None:
        self.target = deployments[0]
        self.deployments: Sequence[Deployed] = deployments

    async def run(self, ready: asyncio.Event) -> None:
        raise AssertionError("it runs already")


class Platform(FakeModel):
    """A running emulator, and the model that it runs."""

    def __init__(
        self, data_dir: Path, clock: ManualClock | AdvanceableClock, receivers: Receivers | None = None
    ) -> None:
        super().__init__()
        self.clock = clock
        self.queue = SQLiteQueue(data_dir, self.clock.now())
        self.sweeper = Sweeper(self.queue, self.clock)
        self.receivers = receivers or Receivers()
        self._data_dir = data_dir
        self._commits = GroupCommit(self.queue, clock)
        self._lent = Lent(
            queue=self.queue,
            clock=clock,
            connections=self.receivers,
            console=Lines(),
            truss=TrussProcess(),
            cache=BuildCache(data_dir),
            environments=ModelEnvironments(BuildCache(data_dir)),
            chainlets=ChainletRoutes("http://emulator", API_KEY),
        )
        self._servers: list[HttpServer] = []
        self.serve()
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self._answer),
            base_url="http://emulator",
            headers={"Authorization": f"Bearer {API_KEY}"},
        )

    def deploy(self, deployment_id: str, chainlet: str | None = None, **changes: Any) -> Deployed:
        """A deployment of a model, or of what the changes make of it."""
        owner = {"kind": changes.pop("kind", Kind.MODEL), "owner_id": changes.pop("owner_id", "model")}
        settings = DeploymentSettings(
            path=self._data_dir,
            data_dir=self._data_dir,
            model_id="model",
            deployment_id=deployment_id,
            **changes,
        )
        return Deployed(settings, self._lent, chainlet, **owner)

    def serve(self, *others: Deployed, **changes: Any) -> None:
        """From now on, serve a model, or what the changes make of it; without a replica yet."""
        self.deployment = self.deploy("deployment", **changes)
        self.capacity = self.deployment.capacity
        self.served = Served(self.deployment, *others)
        self.configure()

    def configure(self, **settings: Any) -> None:
        """From now on, answer with these settings; without rate limits, unless some are given."""
        self.server = HttpServer(
            EmulatorSettings(
                served=[],
                data_dir=self._data_dir,
                cache_dir=self._data_dir,
                api_key=API_KEY,
                api=ApiSettings(**{"rate_limits": False, **settings}),
            ),
            queue=self.queue,
            commits=self._commits,
            clock=self.clock,
            served=[self.served],
            chainlets=self._lent.chainlets,
        )
        self._servers.append(self.server)

    async def stop(self) -> None:
        await self.deployment.stop()
        await self.http.aclose()
        for server in self._servers:
            await server.close()
        self.queue.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.server.api(scope, receive, send)

    def open(self, slots: int, name: str = "replica 1", model: FakeModel | None = None) -> ReplicaSlots:
        """A replica is ready, of this model or another."""
        replica = ReplicaSlots(self.server.instrument(model or self), slots, name)
        self.capacity.open(replica)
        return replica

    async def submit(self, **fields: object) -> str:
        response = await self.http.post("/production/async_predict", json={"model_input": {}, **fields})
        assert response.status_code == 201, response.text
        request_id: str = response.json()["request_id"]
        return request_id

    async def status(self, request_id: str) -> dict[str, object]:
        response = await self.http.get(f"/async_request/{request_id}")
        assert response.status_code == 200, response.text
        status: dict[str, object] = response.json()
        return status

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let everything that can run do so until `holds`; no time passes."""
        for _ in range(1_000):
            if holds():
                return
            await asyncio.sleep(0)
        raise AssertionError("it did not come to hold")

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
def clock() -> ManualClock | AdvanceableClock:
    return ManualClock()


@pytest.fixture
async def platform(tmp_path: Path, clock: ManualClock | AdvanceableClock) -> AsyncIterator[Platform]:
    """A platform with one slot, its model not known to be loaded yet."""
    running = Platform(tmp_path, clock)
    sweeping = asyncio.create_task(running.sweeper.run())
    running.open(1)
    yield running
    sweeping.cancel()
    await running.stop()


@pytest.fixture
def killed(
    platform: Platform, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], AbstractAsyncContextManager[Platform]]:
    """Return a function that starts another platform from the files that a kill of the first would leave."""

    @asynccontextmanager
    async def start() -> AsyncIterator[Platform]:
        left = tmp_path_factory.mktemp("killed")
        shutil.copytree(tmp_path, left, dirs_exist_ok=True)
        running = Platform(left, ManualClock(platform.clock.now()))
        running.open(1)
        try:
            yield running
        finally:
            await running.stop()

    return start
