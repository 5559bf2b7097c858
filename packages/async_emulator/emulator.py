"""The service put together: queue, models and HTTP, from start to stop."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from async_emulator.clock import AdvanceableClock, Clock, SystemClock
from async_emulator.deployments.platform import Surroundings
from async_emulator.deployments.served import Served
from async_emulator.emulator_settings import EmulatorSettings
from async_emulator.errors import PortInUse
from async_emulator.prediction.capacity import Capacity
from async_emulator.prediction.model import Model
from async_emulator.queue.group_commit import GroupCommit
from async_emulator.queue.request_log import RequestLog
from async_emulator.queue.sqlite import SQLiteQueue
from async_emulator.queue.sweeper import Sweeper
from async_emulator.trusses.environment.environments import ModelEnvironments
from async_emulator.trusses.worker.client import TrussProcess

if TYPE_CHECKING:
    from async_emulator.http_server import HttpSide
    from async_emulator.prediction.model_client import ModelClient
    from async_inference.wire import AsyncPredictResult

HOST = "127.0.0.1"
_HEAD_START_SECONDS = 0.2
"""How long what answers callers waits for a server that can be started at once. Ours."""


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
    """Baseten's async service for models and chains, until `stop` is called.

    A start is quick because what a model's server needs to be started imports no pydantic and nothing that
    speaks HTTP: together they take as long as all the rest, and are imported while the server starts.
    """

    def __init__(
        self,
        settings: EmulatorSettings,
        listener: socket.socket,
        *,
        announce: Callable[[str], None],
        log: Callable[[str], None],
        on_ready: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._on_ready = on_ready
        self._clock: Clock = AdvanceableClock() if settings.api.control else SystemClock()
        self._announce = announce
        self._log = log
        self._stopped = asyncio.Event()
        self._connecting = asyncio.Event()
        self._http: asyncio.Future[HttpSide] = asyncio.get_running_loop().create_future()

    def stop(self) -> None:
        """Ask `run` to return."""
        self._stopped.set()

    async def run(self) -> None:
        """Serve until `stop`. Raises what keeps something from being served."""
        settings = self._settings
        queue = SQLiteQueue(settings.data_dir, self._clock.now())
        commits = GroupCommit(queue)
        sweeper = Sweeper(queue, self._clock)
        truss = TrussProcess()
        chainlets: dict[str, Capacity] = {}
        request_log = RequestLog(self._log)
        if settings.api.request_log:
            queue.watch(request_log)
        surroundings = Surroundings(
            queue=queue,
            sweeper=sweeper,
            clock=self._clock,
            deliver=self._deliver,
            connect=self._connect,
            wrap_model=self._wrap_model,
            announce=self._announce,
            log=self._log,
            truss=truss,
            environments=ModelEnvironments(settings.cache_dir / "environments"),
            chainlets=chainlets,
            base_url=base_url_of(self._listener),
            api_key=settings.api_key,
        )
        served = [each.open(surroundings) for each in settings.served]
        ready = [asyncio.Event() for _ in served]
        running = [
            asyncio.create_task(each.run(event.set)) for each, event in zip(served, ready, strict=True)
        ]
        sweeping = asyncio.create_task(sweeper.run())
        stopping = asyncio.create_task(self._stopped.wait())
        starting = asyncio.create_task(self._start(ready, truss))
        serving = asyncio.create_task(self._serve(queue, commits, served, chainlets))
        try:
            await asyncio.wait({serving, stopping, *running}, return_when=asyncio.FIRST_COMPLETED)
            for task in running:
                if task.done():
                    task.result()
            if serving.done():
                serving.result()
        finally:
            await _cancel(*running, starting, stopping, sweeping)
            await truss.close()
            await _cancel(serving)
            queue.close()
            request_log.flush()

    async def _serve(
        self,
        queue: SQLiteQueue,
        commits: GroupCommit,
        served: Sequence[Served],
        chainlets: dict[str, Capacity],
    ) -> None:
        """Answer callers until cancelled."""
        # Not before the first server is on its way, as it would slow that down; nor much later, where
        # building takes longer.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._connecting.wait(), _HEAD_START_SECONDS)
        open_http_side = await asyncio.to_thread(_http_side)
        http = open_http_side(
            self._settings,
            queue=queue,
            commits=commits,
            clock=self._clock,
            served=served,
            chainlets=chainlets,
        )
        try:
            self._http.set_result(http)
            await http.serve(self._listener)
        finally:
            await http.close()

    async def _connect(self, base_url: str) -> "ModelClient":
        self._connecting.set()
        return (await asyncio.shield(self._http)).connect(base_url)

    # Nothing is called before it was connected to; after that there is an HTTP side.

    async def _deliver(self, url: str, result: "AsyncPredictResult") -> bool:
        return await self._http.result().webhooks.deliver(url, result)

    def _wrap_model(self, model: Model) -> Model:
        return self._http.result().observation.wrap_model(model)

    async def _start(self, ready: Sequence[asyncio.Event], truss: TrussProcess) -> None:
        for event in ready:
            await event.wait()
        if not any(served.is_watched for served in self._settings.served):
            await truss.close()
        self._on_ready()


def _http_side() -> "type[HttpSide]":
    from async_emulator.http_server import HttpSide

    gc.freeze()  # what has been imported stays: no collection need look at it again
    return HttpSide


async def _cancel(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
