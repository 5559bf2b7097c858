"""The service put together: queue, dispatcher, deployment and HTTP, from start to stop."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import uvicorn

from async_emulator.api_settings import ApiSettings
from async_emulator.app import InferenceApi
from async_emulator.clock import Clock, SystemClock
from async_emulator.deployment import Deployment, DeploymentSettings
from async_emulator.dispatcher import Dispatcher
from async_emulator.errors import PortInUse, ReplicaUnreachable
from async_emulator.outcome import UNREACHABLE, Outcome
from async_emulator.request import AsyncRequest
from async_emulator.service import AsyncService
from async_emulator.sqlite_queue import SQLiteQueue
from async_emulator.webhook_connection import WebhookConnection
from async_emulator.webhook_secrets import WebhookSecrets
from async_emulator.webhooks import WebhookSender

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class EmulatorSettings:
    """How to serve. `concurrency_target` is how many predictions are under way at once.

    None: as many as the Truss's `predict_concurrency`.
    """

    deployment: DeploymentSettings
    api_key: str = field(repr=False)
    concurrency_target: int | None = None
    api: ApiSettings = field(default_factory=ApiSettings)


def listen(port: int) -> socket.socket:
    """A socket on loopback; port 0 lets the system choose. Raises PortInUse."""
    try:
        return socket.create_server((HOST, port), backlog=2048)
    except OSError as error:
        raise PortInUse(port) from error


class Emulator:
    """Baseten's async service for one deployment, until `stop` is called."""

    def __init__(
        self,
        settings: EmulatorSettings,
        listener: socket.socket,
        *,
        announce: Callable[[str], None],
        log: Callable[[str], None],
        on_ready: Callable[[], None],
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._on_ready = on_ready
        self._clock = clock or SystemClock()
        self._deployment = Deployment(settings.deployment, announce=announce, log=log)
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Ask `run` to return."""
        self._stopped.set()

    async def run(self) -> None:
        """Serve until `stop`. Raises what keeps the model from being served."""
        deployment = self._settings.deployment
        queue = SQLiteQueue(deployment.data_dir, self._clock.now())
        api_settings = self._settings.api
        connection = WebhookConnection(allow_private=api_settings.allow_private_webhooks)
        webhooks = WebhookSender(
            clock=self._clock,
            connection=connection,
            secrets=WebhookSecrets(api_settings.webhook_secrets),
            allow_private=api_settings.allow_private_webhooks,
        )
        dispatcher = Dispatcher(
            deployment_id=deployment.deployment_id,
            queue=queue,
            clock=self._clock,
            predict=self._predict,
            deliver=webhooks.deliver,
        )
        service = AsyncService(
            model_id=deployment.model_id,
            deployment_id=deployment.deployment_id,
            queue=queue,
            clock=self._clock,
            on_queued=dispatcher.queued,
        )
        api = InferenceApi(
            api_key=self._settings.api_key,
            service=service,
            capacity=dispatcher.capacity,
            clock=self._clock,
            find_model=lambda: self._deployment.model,
            settings=api_settings,
        )
        config = uvicorn.Config(
            api.app(),
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
        )
        server = _Server(config)
        dispatcher.start()
        serving = asyncio.create_task(server.serve(sockets=[self._listener]))
        running = asyncio.create_task(self._deploy(dispatcher))
        stopping = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait({serving, running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
        finally:
            await dispatcher.stop()
            await _cancel(running, stopping)
            server.should_exit = server.force_exit = True
            await serving
            await connection.close()
            queue.close()

    async def _deploy(self, dispatcher: Dispatcher) -> None:
        config, spec = await self._deployment.build()
        slots = self._settings.concurrency_target or config.predict_concurrency

        def on_ready() -> None:
            dispatcher.capacity.open(slots)
            self._on_ready()

        await self._deployment.keep_running(spec, on_ready=on_ready, on_lost=dispatcher.capacity.close)

    async def _predict(self, request: AsyncRequest) -> Outcome:
        model = self._deployment.model
        if model is None:
            return UNREACHABLE
        try:
            return await model.predict(request)
        except ReplicaUnreachable:
            self._deployment.suspect()
            return UNREACHABLE


class _Server(uvicorn.Server):
    """uvicorn, whose signals are the command's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _cancel(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
