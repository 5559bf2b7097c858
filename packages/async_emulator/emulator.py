"""The service put together: queue, models and HTTP, from start to stop."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import uvicorn

from async_emulator.api_settings import ApiSettings
from async_emulator.app import InferenceApi, Page
from async_emulator.chainlet_calls import PATH as CHAINLET_PATH
from async_emulator.chainlet_calls import ChainletCalls
from async_emulator.clock import Clock, SystemClock
from async_emulator.control import PATH as CONTROL_PATH
from async_emulator.control_parts import ControlParts
from async_emulator.errors import PortInUse
from async_emulator.model_environment import ModelEnvironments
from async_emulator.observation import Observation
from async_emulator.served import ServedSettings
from async_emulator.service import AsyncService
from async_emulator.sqlite_queue import SQLiteQueue
from async_emulator.surroundings import Surroundings
from async_emulator.sweeper import Sweeper
from async_emulator.target import Targets
from async_emulator.transition import TransitionLog
from async_emulator.truss_process import TrussProcess
from async_emulator.webhook_connection import WebhookConnection
from async_emulator.webhook_secrets import WebhookSecrets
from async_emulator.webhooks import WebhookSender

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class EmulatorSettings:
    """What to serve, and to whom. The queue lives in `data_dir`, what can be made again in `cache_dir`."""

    served: Sequence[ServedSettings]
    data_dir: Path
    cache_dir: Path
    api_key: str = field(repr=False)
    api: ApiSettings = field(default_factory=ApiSettings)


def listen(port: int) -> socket.socket:
    """A socket on loopback; port 0 lets the system choose. Raises PortInUse."""
    try:
        return socket.create_server((HOST, port), backlog=2048)
    except OSError as error:
        raise PortInUse(port) from error


def base_url_of(listener: socket.socket) -> str:
    """Where callers find what listens."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


class Emulator:
    """Baseten's async service for models and chains, until `stop` is called."""

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
        """Serve until `stop`. Raises what keeps something from being served."""
        settings = self._settings
        queue = SQLiteQueue(settings.data_dir, self._clock.now())
        sweeper = Sweeper(queue, self._clock)
        truss = TrussProcess()
        chainlets = ChainletCalls(self._clock)
        control = self._control
        connection = WebhookConnection(allow_private=settings.api.allow_private_webhooks)
        secrets = WebhookSecrets(settings.api.webhook_secrets)
        webhooks = WebhookSender(
            clock=self._clock,
            connection=control.wrap_connection(connection) if control else connection,
            secrets=secrets,
            attempts=settings.api.webhook_attempts,
            allow_private=settings.api.allow_private_webhooks,
        )
        observation = Observation(queue=queue, clock=self._clock, control=control)
        webhooks.on_delivery.append(observation.delivered)
        request_log = TransitionLog(self._log)
        if settings.api.request_log:
            queue.watchers.append(request_log)
        surroundings = Surroundings(
            queue=queue,
            sweeper=sweeper,
            clock=self._clock,
            deliver=webhooks.deliver,
            wrap_model=observation.wrap_model,
            announce=self._announce,
            log=self._log,
            truss=truss,
            environments=ModelEnvironments(settings.cache_dir / "environments"),
            chainlets=chainlets,
            base_url=base_url_of(self._listener),
            api_key=settings.api_key,
        )
        served = [each.open(surroundings) for each in settings.served]
        for each in served:
            each.tell_name(partial(observation.measure, each.target, each.controlled[0]))
        targets = [observation.attach(each.target) for each in served]
        pages: dict[str, Page] = {"/metrics": observation.page, CHAINLET_PATH: chainlets.page}
        if control:
            webhooks.on_delivery.append(control.deliveries.add)
            pages[CONTROL_PATH] = control.control(
                queue, secrets, lambda: [deployment for each in served for deployment in each.controlled]
            )
        api = InferenceApi(
            api_key=settings.api_key,
            service=AsyncService(queue=queue, clock=self._clock),
            targets=Targets(targets),
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
        stopping = asyncio.create_task(self._stopped.wait())
        ready = [asyncio.Event() for _ in served]
        running = [
            asyncio.create_task(each.run(event.set)) for each, event in zip(served, ready, strict=True)
        ]
        starting = asyncio.create_task(self._start(ready, truss))
        try:
            await asyncio.wait({serving, stopping, *running}, return_when=asyncio.FIRST_COMPLETED)
            for task in running:
                if task.done():
                    task.result()
        finally:
            await _cancel(*running, starting, stopping, sweeping)
            await truss.close()
            server.should_exit = server.force_exit = True
            await serving
            await connection.close()
            queue.close()
            request_log.flush()

    async def _start(self, ready: Sequence[asyncio.Event], truss: TrussProcess) -> None:
        for event in ready:
            await event.wait()
        if not any(served.is_watched for served in self._settings.served):
            await truss.close()
        self._on_ready()


class _Server(uvicorn.Server):
    """uvicorn, whose signals are the command's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _cancel(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
