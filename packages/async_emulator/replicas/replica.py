"""One model server: a process that loads its model before it is used, and leaves no process behind."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from async_emulator.errors import ModelLoadFailed
from async_emulator.prediction.connections import Connections
from async_emulator.prediction.model import TOKEN_HEADER, ModelServer
from async_emulator.replicas.exit_code import told
from async_emulator.replicas.model_log import ModelLog
from async_emulator.replicas.output_pipe import OutputPipe
from async_emulator.trusses.docker import CONTAINER
from async_emulator.trusses.replica_spec import ReplicaSpec, app_dir, dynamic_config_dir

_READY_INTERVAL_SECONDS = 0.01
_LOG_INTERVAL_SECONDS = 0.02
_MUCH_OUTPUT_BYTES = 16_384
"""A quarter of a pipe: a server that writes as much in an interval soon waits for us. Our choice."""
_STOP_GRACE_SECONDS = 2.0
"""How long a server may take to end by itself. Our choice: the user waits at the prompt."""
_KILL_GRACE_SECONDS = 2.0
"""How long the guard may take to kill the server and all its child processes. Our choice."""
_LAST_OUTPUT_SECONDS = 1.0
"""How long the output of an ended server is read: a child that got away may hold the pipe. Our choice."""


class Replica:
    """A model server that has loaded its model."""

    def __init__(self, process: asyncio.subprocess.Process, output: OutputPipe, log: ModelLog) -> None:
        self._client: ModelServer | None = None
        self._process = process
        self._output = output
        self._log = log
        self._reading = asyncio.create_task(self._read_log())

    @classmethod
    async def start(
        cls,
        spec: ReplicaSpec,
        log: Callable[[Sequence[str]], None],
        connections: Connections,
    ) -> Self:
        """Start a server and wait until it is ready. See ModelServers."""
        token = secrets.token_urlsafe(32)
        output = await OutputPipe.open()
        try:
            with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
                port = listener.getsockname()[1]
                process = await asyncio.create_subprocess_exec(
                    *_command(spec),
                    str(listener.fileno()),
                    cwd=spec.run_dir if spec.is_container else app_dir(spec.run_dir),
                    env={**spec.environ, "INFERENCE_SERVER_PORT": str(port)},
                    stdin=asyncio.subprocess.PIPE,  # brings the token; its end tells that we have ended
                    stdout=output.write_end,
                    stderr=asyncio.subprocess.STDOUT,
                    pass_fds=[listener.fileno()],
                    start_new_session=True,
                )
        except BaseException:
            output.close()
            raise
        finally:
            os.close(output.write_end)
        replica = cls(process, output, ModelLog(log, spec.name))
        try:
            replica._send_token(token)
            replica._client = await connections.connect(f"http://127.0.0.1:{port}", token)
            if await replica.answers():
                return replica
            await replica._read_last_output()
            code = told(await replica.ended())
            reason = (
                replica._log.last_error or f"its server ended with {code}; its code may have called os._exit"
            )
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
        ended = asyncio.create_task(self.ended())
        try:
            while not ended.done():
                # A child of a server that has ended may still hold its socket, and answer nobody.
                asking = asyncio.create_task(self.client.is_ready())
                try:
                    await asyncio.wait({asking, ended}, return_when=asyncio.FIRST_COMPLETED)
                    if asking.done() and asking.result():
                        return True
                finally:
                    asking.cancel()
                await asyncio.sleep(_READY_INTERVAL_SECONDS)
            return False
        finally:
            ended.cancel()

    async def ended(self) -> int:
        """Wait for the server's end; return its exit code."""
        return await self._process.wait()

    def kill(self) -> None:
        """Kill the server and all its child processes, as a crash would."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGUSR1)  # the guard knows them all: see server_process

    async def stop(self) -> None:
        """End the server and all its child processes. Whatever they do, this returns after seconds."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        if not await self._ended_within(_STOP_GRACE_SECONDS):
            self.kill()
            await self._ended_within(_KILL_GRACE_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # what is left where the guard itself was killed
        await self._ended_within(_KILL_GRACE_SECONDS)
        await self._read_last_output()
        if self._client is not None:
            await self._client.close()

    def _send_token(self, token: str) -> None:
        """Tell the server its token, through a pipe: arguments and variables can be read by others."""
        if self._process.stdin is None:
            raise RuntimeError("the process was started with a pipe")
        self._process.stdin.write(f"{TOKEN_HEADER}: {token}\n".encode())

    async def _ended_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.ended()
        return self._process.returncode is not None

    async def _read_log(self) -> None:
        while output := await self._output.read():
            self._log.feed(output)
            # The server logs each call: waking up for each line would cost as much as the call itself.
            if len(output) < _MUCH_OUTPUT_BYTES:
                await asyncio.sleep(_LOG_INTERVAL_SECONDS)

    async def _read_last_output(self) -> None:
        await asyncio.wait({self._reading}, timeout=_LAST_OUTPUT_SECONDS)
        self._reading.cancel()
        self._output.close()
        self._log.end()


def _command(spec: ReplicaSpec) -> tuple[str, ...]:
    """Return the program that runs the server, without its last argument, the number of the listener."""
    here = Path(__file__)
    if spec.is_container:
        return (str(spec.python), str(here.with_name("container_process.py")), str(spec.run_dir / CONTAINER))
    folders = (str(spec.packages_dir), str(dynamic_config_dir(spec.run_dir)))
    return (str(spec.python), str(here.with_name("server_process.py")), *folders)


class ModelServers:
    """Starts model servers on this machine."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def start(self, spec: ReplicaSpec, log: Callable[[Sequence[str]], None]) -> Replica:
        """Start a server and wait until it is ready; pass the lines of its log to `log`.

        Raises ModelLoadFailed.
        """
        return await Replica.start(spec, log, self._connections)
