"""All that speaks HTTP: the API and its pages, the calls of models, the deliveries to webhooks.

Imported by the emulator while the models' servers start, as its libraries take as long to import.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import uvicorn

from async_emulator.api.app import InferenceApi, Page
from async_emulator.api.chainlet_calls import ChainletCalls
from async_emulator.api.routing import Targets
from async_emulator.api.service import AsyncService
from async_emulator.clock import AdvanceableClock, Clock
from async_emulator.control.control import ControlParts
from async_emulator.control.routes import PATH as CONTROL_PATH
from async_emulator.deployments.served import Served
from async_emulator.emulator_settings import EmulatorSettings
from async_emulator.metrics.observation import Observation
from async_emulator.paths import CHAINLETS
from async_emulator.prediction.capacity import Capacity
from async_emulator.prediction.model_client import ModelClient
from async_emulator.queue.group_commit import GroupCommit
from async_emulator.queue.request_queue import RequestQueue
from async_emulator.webhooks.connection import WebhookConnection
from async_emulator.webhooks.sender import WebhookSender
from async_emulator.webhooks.signing_secrets import WebhookSecrets


class HttpSide:
    """What `served`, and the chainlets below it, are reached by. Needs a running event loop; `close` it."""

    def __init__(
        self,
        settings: EmulatorSettings,
        *,
        queue: RequestQueue,
        commits: GroupCommit,
        clock: Clock,
        served: Sequence[Served],
        chainlets: Mapping[str, Capacity],
    ) -> None:
        control = ControlParts(clock) if isinstance(clock, AdvanceableClock) else None
        secrets = WebhookSecrets(settings.api.webhook_secrets)
        self._connection = WebhookConnection(allow_private=settings.api.allow_private_webhooks)
        self.webhooks = WebhookSender(
            clock=clock,
            connection=control.wrap_connection(self._connection) if control else self._connection,
            secrets=secrets,
            attempts=settings.api.webhook_attempts,
            allow_private=settings.api.allow_private_webhooks,
        )
        self.observation = Observation(queue=queue, clock=clock, control=control)
        self.webhooks.watch(self.observation)
        for each in served:
            each.tell_name(partial(self.observation.measure, each.target, each.controlled[0]))
        pages: dict[str, Page] = {
            "/metrics": self.observation.page,
            CHAINLETS: ChainletCalls(clock, chainlets).page,
        }
        if control:
            self.webhooks.watch(control.deliveries)
            pages[CONTROL_PATH] = control.control(
                queue, secrets, lambda: [deployment for each in served for deployment in each.controlled]
            )
        self._api = InferenceApi(
            api_key=settings.api_key,
            service=AsyncService(queue=queue, clock=clock, commits=commits),
            targets=Targets([self.observation.attach(each.target) for each in served]),
            clock=clock,
            settings=settings.api,
            pages=pages,
        )

    def connect(self, base_url: str) -> ModelClient:
        """Who calls the model server there; to be closed."""
        return ModelClient(base_url)

    async def serve(self, listener: socket.socket) -> None:
        """Answer callers until cancelled."""
        server = _Server(
            uvicorn.Config(
                self._api,
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
        await self._connection.close()


class _Server(uvicorn.Server):
    """uvicorn, whose signals are the command's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
