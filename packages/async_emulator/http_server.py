"""Everything that speaks HTTP: the API and its pages, the calls of models, the deliveries to webhooks.

Imported by the emulator while the models' servers start, as its libraries take as long to import.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence

import uvicorn

from async_emulator.api.app import InferenceApi, Page
from async_emulator.api.caller_connection import CallerConnection
from async_emulator.api.chainlet_calls import ChainletCalls
from async_emulator.api.routing import Targets
from async_emulator.api.service import AsyncService
from async_emulator.clock import AdvanceableClock, Clock
from async_emulator.control.control import Control
from async_emulator.control.routes import PATH as CONTROL_PATH
from async_emulator.deployments.chainlet_routes import ChainletRoutes
from async_emulator.deployments.served import Served
from async_emulator.emulator_settings import EmulatorSettings
from async_emulator.metrics.instrumented import MeasuredModel, MeasuredTarget
from async_emulator.metrics.measured_deployments import MeasuredDeployments
from async_emulator.metrics.observation import Observation
from async_emulator.paths import CHAINLETS
from async_emulator.prediction.model import ModelServer
from async_emulator.prediction.model_client import ModelClient
from async_emulator.queue.group_commit import GroupCommit
from async_emulator.queue.request_queue import RequestQueue
from async_emulator.webhooks.connection import WebhookConnection
from async_emulator.webhooks.payload import Payload
from async_emulator.webhooks.sender import Connection, WebhookSender
from async_emulator.webhooks.signing_secrets import WebhookSecrets
from async_emulator.webhooks.waiting_outputs import WaitingOutputs


class HttpServer:
    """Answers the callers of `served`, and makes its connections. Needs a running event loop; `close` it."""

    def __init__(
        self,
        settings: EmulatorSettings,
        *,
        queue: RequestQueue,
        commits: GroupCommit,
        clock: Clock,
        served: Sequence[Served],
        chainlets: ChainletRoutes,
    ) -> None:
        self._clock = clock
        self._control = Control(clock) if isinstance(clock, AdvanceableClock) else None
        self._webhook_connection = WebhookConnection(allow_private=settings.api.allow_private_webhooks)
        secrets = WebhookSecrets(settings.api.webhook_secrets)
        self._webhooks = WebhookSender(
            clock=clock,
            connection=self._disturbed(self._webhook_connection),
            secrets=secrets,
            outputs=WaitingOutputs(settings.data_dir),
            attempts=settings.api.webhook_attempts,
            allow_private=settings.api.allow_private_webhooks,
        )
        self._deployments = MeasuredDeployments(served, queue)
        observation = Observation(self._deployments)
        queue.watch(observation)
        self._webhooks.watch(observation)
        pages: dict[str, Page] = {
            "/metrics": observation.page,
            CHAINLETS: ChainletCalls(clock, chainlets).page,
        }
        if self._control:
            self._webhooks.watch(self._control.deliveries)
            pages[CONTROL_PATH] = self._control.routes(queue, secrets, served)
        self.api = InferenceApi(
            api_key=settings.api_key,
            service=AsyncService(queue=queue, clock=clock, commits=commits),
            targets=Targets([MeasuredTarget(each.target, self._deployments, clock) for each in served]),
            clock=clock,
            settings=settings.api,
            pages=pages,
        )

    async def connect(self, base_url: str, token: str) -> ModelServer:
        """Return the model server at `base_url`, which wants `token`; the caller closes it."""
        return self.instrument(ModelClient(base_url, token))

    def instrument(self, model: ModelServer) -> ModelServer:
        """Return the model with the faults that are planned, if any can be, and measured."""
        disturbed = self._control.disturb_model(model) if self._control else model
        return MeasuredModel(disturbed, self._deployments, self._clock)

    async def deliver(self, webhook_endpoint: str, payload: Payload) -> bool:
        """Send `payload` to a webhook; whether the receiver accepted it."""
        return await self._webhooks.deliver(webhook_endpoint, payload)

    async def serve(self, listener: socket.socket) -> None:
        """Answer callers until cancelled."""
        server = _UvicornServer(
            uvicorn.Config(
                self.api,
                http=CallerConnection,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                proxy_headers=False,
                server_header=False,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = server.force_exit = True
            await serving

    async def close(self) -> None:
        """Close every connection to a webhook."""
        await self._webhook_connection.close()

    def _disturbed(self, connection: Connection) -> Connection:
        return self._control.disturb_connection(connection) if self._control else connection


class _UvicornServer(uvicorn.Server):
    """uvicorn without its signal handlers: the command has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
