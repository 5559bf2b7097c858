"""The emulator put together: queue, deployments and HTTP, from start to stop.

One async request's way, each step a method:

    InferenceApi → AsyncService.submit          check the call, make the request
      → Target.enqueue → Dispatcher.enqueue     RequestQueue.enqueue, durable before the 201
      → Dispatcher.wake                         RequestQueue.lease, as soon as Capacity has a slot
      → ReplicaSlots.model.predict              MeasuredModel → (FaultyModel →) ModelClient.predict
      → Dispatcher._conclude                    an Outcome: try again, or end the request (Ending)
      → Connections.deliver                     WebhookSender, if a webhook was given
      → RequestQueue.finish                     the ending, and the input erased
"""

import asyncio
import contextlib
import gc
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from async_emulator.clock import AdvanceableClock, Clock, SystemClock
from async_emulator.console import Console
from async_emulator.deployments.chainlet_routes import ChainletRoutes
from async_emulator.deployments.platform import Platform
from async_emulator.deployments.served import Served
from async_emulator.emulator_settings import EmulatorSettings
from async_emulator.errors import EmulatorError, PortInUse
from async_emulator.pending_http_server import PendingHttpServer
from async_emulator.queue.disk_space import DiskSpace
from async_emulator.queue.group_commit import GroupCommit
from async_emulator.queue.request_log import RequestLog
from async_emulator.queue.sqlite import SQLiteQueue
from async_emulator.queue.sweeper import Sweeper
from async_emulator.trusses.build_cache import BuildCache
from async_emulator.trusses.environment.environments import ModelEnvironments
from async_emulator.trusses.worker.client import TrussProcess

if TYPE_CHECKING:
    from async_emulator.http_server import HttpServer

HOST = "127.0.0.1"
_HEAD_START_SECONDS = 0.2
"""How long the HTTP server waits for a model server that can be started at once. Our choice."""


def listen(port: int) -> socket.socket:
    """Return a socket on loopback; for port 0 the system chooses one. Raises PortInUse."""
    try:
        return socket.create_server((HOST, port), backlog=2048)
    except OSError as error:
        raise PortInUse(port) from error


def base_url_of(listener: socket.socket) -> str:
    """Return the url at which callers reach `listener`."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


class Emulator:
    """Baseten's async service for models and chains, until `stop` is called.

    A start is quick because nothing that starts a model's server imports pydantic or speaks HTTP: those
    libraries take as long as all the rest, and are imported while the server starts.
    """

    def __init__(self, settings: EmulatorSettings, listener: socket.socket, console: Console) -> None:
        self._settings = settings
        self._listener = listener
        self._console = console
        self._clock: Clock = AdvanceableClock() if settings.api.control else SystemClock()
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Ask `run` to return."""
        self._stopped.set()

    async def run(self) -> None:
        """Serve until `stop`. Raises the EmulatorError that keeps something from being served."""
        settings = self._settings
        queue = SQLiteQueue(settings.data_dir, self._clock.now())
        commits = GroupCommit(queue, self._clock)
        sweeper = Sweeper(queue, self._clock)
        disk_space = DiskSpace(
            (settings.data_dir, settings.cache_dir), clock=self._clock, console=self._console
        )
        request_log = RequestLog(self._console.log)
        if settings.api.request_log:
            queue.watch(request_log)
        truss = TrussProcess()
        cache = BuildCache(settings.cache_dir)
        cache.remove_leftovers()
        http = PendingHttpServer()
        platform = Platform(
            queue=queue,
            clock=self._clock,
            connections=http,
            console=self._console,
            cache=cache,
            truss=truss,
            environments=ModelEnvironments(cache),
            chainlets=ChainletRoutes(base_url_of(self._listener), settings.api_key),
        )
        served = [each.open(platform) for each in settings.served]
        ready = [asyncio.Event() for _ in served]
        running = [asyncio.create_task(each.run(event)) for each, event in zip(served, ready, strict=True)]
        sweeping = asyncio.create_task(sweeper.run())
        watching_disks = asyncio.create_task(disk_space.run())
        stopping = asyncio.create_task(self._stopped.wait())
        attending = asyncio.create_task(self._attend(running, ready))
        starting = asyncio.create_task(self._start(ready, truss))
        serving = asyncio.create_task(self._serve(platform, commits, served, http))
        try:
            await asyncio.wait({attending, serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in (attending, serving):
                if task.done():
                    task.result()
        finally:
            await _cancel(attending, *running, starting, stopping, sweeping, watching_disks)
            await truss.close()
            await _cancel(serving)
            cache.close()
            commits.stop()
            request_log.flush()
            queue.close()

    async def _attend(self, running: Sequence[asyncio.Task[None]], ready: Sequence[asyncio.Event]) -> None:
        """Wait until something can be served no longer, and raise why.

        With `keep_going`, only say so, and wait for the others; the last one's error is raised.
        """
        left = dict(zip(running, zip(self._settings.served, ready, strict=True), strict=True))
        while left:
            done, _ = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                served, is_ready = left.pop(task)
                error = task.exception()
                if not (self._settings.keep_going and left and isinstance(error, EmulatorError)):
                    task.result()
                self._console.announce(f"{served.path}: not served: {error}")
                is_ready.set()  # the others do not wait for it

    async def _serve(
        self, platform: Platform, commits: GroupCommit, served: Sequence[Served], http: PendingHttpServer
    ) -> None:
        """Answer callers until cancelled."""
        # Not before the first model server is on its way, as the imports would slow it down; nor much later,
        # where building takes longer.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(http.wait_until_wanted(), _HEAD_START_SECONDS)
        open_http_server = await asyncio.to_thread(_import_http_server)
        server = open_http_server(
            self._settings,
            queue=platform.queue,
            commits=commits,
            clock=self._clock,
            served=served,
            chainlets=platform.chainlets,
        )
        try:
            http.provide(server)
            await server.serve(self._listener)
        finally:
            await server.close()

    async def _start(self, ready: Sequence[asyncio.Event], truss: TrussProcess) -> None:
        for event in ready:
            await event.wait()
        if not any(served.is_watched for served in self._settings.served):
            await truss.close()
        self._console.announce_ready()


def _import_http_server() -> "type[HttpServer]":
    from async_emulator.http_server import HttpServer

    gc.freeze()  # what has been imported stays: no collection need look at it again
    return HttpServer


async def _cancel(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
