"""One model server: a process that loads its model before it is used, and leaves no process behind."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Self

from async_emulator.errors import ModelLoadFailed
from async_emulator.prediction.connections import Connections
from async_emulator.prediction.model import ModelServer
from async_emulator.replicas.model_log import ModelLog
from async_emulator.trusses.replica_spec import ReplicaSpec, app_dir, dynamic_config_dir

_READY_INTERVAL_SECONDS = 0.01
_LOG_INTERVAL_SECONDS = 0.02
_STOP_GRACE_SECONDS = 2.0
"""How long a server may take to end by itself. Our choice: the user waits at the prompt."""


class Replica:
    """A model server that has loaded its model."""

    def __init__(self, process: asyncio.subprocess.Process, log: ModelLog) -> None:
        self._client: ModelServer | None = None
        self._process = process
        self._log = log
        self._reading = asyncio.create_task(self._read_log())

    @classmethod
    async def start(
        cls,
        spec: ReplicaSpec,
        log: Callable[[str], None],
        connections: Connections,
    ) -> Self:
        """Start a server and wait until it is ready. See ModelServers."""
        with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
            port = listener.getsockname()[1]
            process = await asyncio.create_subprocess_exec(
                *(str(spec.python), str(Path(__file__).with_name("server_process.py"))),
                *(str(spec.packages_dir), str(dynamic_config_dir(spec.run_dir)), str(listener.fileno())),
                cwd=app_dir(spec.run_dir),
                env={**spec.environ, "INFERENCE_SERVER_PORT": str(port)},
                stdin=asyncio.subprocess.PIPE,  # its end of file tells the server that we have ended
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                limit=1,  # unread output stays in the pipe, see _read_log
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )
        replica = cls(process, ModelLog(log, spec.name))
        try:
            replica._client = await connections.connect(f"http://127.0.0.1:{port}")
            if await replica.answers():
                return replica
            await replica._reading
            reason = replica._log.last_error or f"the server ended with {await replica.ended()}"
            raise ModelLoadFailed(reason)
        except BaseException:
            await replica.stop()
            raise

    @property
    def client(self) -> ModelServer:
        """The connection to the server."""
        if self._client is None:
            raise RuntimeError("a replica is used only after its start, which connects to it")
        return self._client

    async def answers(self) -> bool:
        """Wait until the server is ready to predict (True) or has ended (False)."""
        while not await self.client.is_ready():
            if self._process.returncode is not None:
                return False
            await asyncio.sleep(_READY_INTERVAL_SECONDS)
        return True

    async def ended(self) -> int:
        """Wait for the server's end; return its exit code."""
        return await self._process.wait()

    def kill(self) -> None:
        """Kill the server and all its child processes, as a crash would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """End the server and all its child processes."""
        if self._process.returncode is None:
            self._process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_GRACE_SECONDS):
                    await self._process.wait()
        self.kill()
        await self._process.wait()
        await self._reading
        if self._client is not None:
            await self._client.close()

    async def _read_log(self) -> None:
        stdout = self._process.stdout
        while stdout is not None and (output := await stdout.read(1_048_576)):
            self._log.feed(output)
            # The server logs each call: waking up for each line would cost as much as the call itself.
            await asyncio.sleep(_LOG_INTERVAL_SECONDS)
        self._log.end()


class ModelServers:
    """Starts model servers on this machine."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def start(self, spec: ReplicaSpec, log: Callable[[str], None]) -> Replica:
        """Start a server and wait until it is ready; pass each line of its log to `log`.

        Raises ModelLoadFailed.
        """
        return await Replica.start(spec, log, self._connections)
