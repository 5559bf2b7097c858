"""The service put together: queue, dispatcher, deployment and HTTP, from start to stop."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import uvicorn

from async_emulator import api_errors
from async_emulator.api_settings import ApiSettings
from async_emulator.app import InferenceApi, Page
from async_emulator.capacity import Capacity
from async_emulator.clock import Clock, SystemClock
from async_emulator.control import PATH as CONTROL_PATH
from async_emulator.control import ControlledDeployment
from async_emulator.control_parts import ControlParts
from async_emulator.deployment import Deployment, DeploymentSettings
from async_emulator.dispatcher import Dispatcher
from async_emulator.errors import PortInUse
from async_emulator.kind import Kind
from async_emulator.service import AsyncService
from async_emulator.sqlite_queue import SQLiteQueue
from async_emulator.sweeper import Sweeper
from async_emulator.sync_prediction import SyncPrediction
from async_emulator.target import Target, Targets
from async_emulator.webhook_connection import WebhookConnection
from async_emulator.webhook_secrets import WebhookSecrets
from async_emulator.webhooks import WebhookSender
from async_inference.wire import ErrorCode

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class EmulatorSettings:
    """What to serve, and to whom."""

    deployment: DeploymentSettings
    api_key: str = field(repr=False)
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
        self._control = ControlParts() if settings.api.control else None
        self._clock = clock or (self._control.clock if self._control else SystemClock())
        self._announce = announce
        self._log = log
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Ask `run` to return."""
        self._stopped.set()

    async def run(self) -> None:
        """Serve until `stop`. Raises what keeps the model from being served."""
        settings = self._settings
        queue = SQLiteQueue(settings.deployment.data_dir, self._clock.now())
        sweeper = Sweeper(queue, self._clock)
        control = self._control
        connection = WebhookConnection(allow_private=settings.api.allow_private_webhooks)
        secrets = WebhookSecrets(settings.api.webhook_secrets)
        webhooks = WebhookSender(
            clock=self._clock,
            connection=control.wrap_connection(connection) if control else connection,
            secrets=secrets,
            allow_private=settings.api.allow_private_webhooks,
        )
        capacity = Capacity()
        if control:
            webhooks.on_delivery.append(control.deliveries.add)
            capacity.wrap_model = control.wrap_model
        dispatcher = Dispatcher(
            deployment_id=settings.deployment.deployment_id,
            capacity=capacity,
            queue=queue,
            clock=self._clock,
            deliver=webhooks.deliver,
            on_deadline=sweeper.expect,
            final=() if settings.deployment.retry_not_ready else (ErrorCode.MODEL_NOT_READY,),
        )
        deployment = Deployment(
            settings.deployment,
            capacity=capacity,
            clock=self._clock,
            announce=self._announce,
            log=self._log,
            waiting=lambda: dispatcher.waiting,
        )
        target = self._target(deployment, dispatcher, capacity)
        pages: dict[str, Page] = {}
        if control:
            pages[CONTROL_PATH] = control.control(queue, secrets, [_controlled(deployment, dispatcher)])
        api = InferenceApi(
            api_key=settings.api_key,
            service=AsyncService(queue=queue, clock=self._clock),
            targets=Targets([target]),
            clock=self._clock,
            settings=settings.api,
            pages=pages,
        )
        server = _Server(
            uvicorn.Config(
                api,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                proxy_headers=False,
                server_header=False,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[self._listener]))
        sweeping = asyncio.create_task(sweeper.run())
        running = asyncio.create_task(deployment.run(self._on_ready))
        stopping = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait({serving, running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
        finally:
            await dispatcher.stop()
            await _cancel(running, stopping, sweeping)
            server.should_exit = server.force_exit = True
            await serving
            await connection.close()
            queue.close()

    def _target(self, deployment: Deployment, dispatcher: Dispatcher, capacity: Capacity) -> Target:
        def predict(body: bytes, headers: Mapping[str, str], request_id: str) -> SyncPrediction:
            if not deployment.is_deployed:
                raise api_errors.not_ready()
            return SyncPrediction(
                capacity=capacity, clock=self._clock, body=body, headers=headers, request_id=request_id
            )

        return Target(
            kind=Kind.MODEL,
            owner_id=deployment.model_id,
            deployment_id=deployment.deployment_id,
            queued=dispatcher.queued,
            predict=predict,
            wake=deployment.wake,
            is_ready=lambda: deployment.is_ready,
        )


def _controlled(deployment: Deployment, dispatcher: Dispatcher) -> ControlledDeployment:
    return ControlledDeployment(
        deployment_id=deployment.deployment_id,
        hold=dispatcher.hold,
        kill_replica=deployment.kill_replica,
        active_replicas=lambda: deployment.active_replicas,
        starting_replicas=lambda: deployment.starting_replicas,
    )


class _Server(uvicorn.Server):
    """uvicorn, whose signals are the command's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _cancel(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
