"""A replica's server as the emulator runs it, started by hand, since the emulator's own answers it alone."""

import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

from async_emulator.prediction.model import TOKEN_HEADER

HEADERS = {TOKEN_HEADER: secrets.token_urlsafe(32)}
"""Every call of such a server has them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BareServer:
    """`command` lacks its listener."""

    command: Sequence[str]
    environ: dict[str, str] = field(repr=False)
    folder: Path

    @classmethod
    def like_that_of(cls, server_pid: int, folder: Path) -> Self:
        """Copy what a running replica has into `folder`, which must not exist."""
        guard = _parent_of(server_pid)
        command = Path(f"/proc/{guard}/cmdline").read_text().split("\0")[:-2]
        environ = Path(f"/proc/{guard}/environ").read_text().split("\0")[:-1]
        shutil.copytree(Path(f"/proc/{guard}/cwd").resolve(), folder)
        pairs = (variable.partition("=") for variable in environ)
        return cls(command=command, environ={name: value for name, _, value in pairs}, folder=folder)

    @contextmanager
    def running(self) -> Iterator[str]:
        """Start it, wait until it says that it is ready, and yield the url at which it predicts."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            server = subprocess.Popen(
                [*self.command, str(listener.fileno())],
                cwd=self.folder,
                env={**self.environ, "INFERENCE_SERVER_PORT": str(port)},
                stdin=subprocess.PIPE,  # brings the token; its end ends the server
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )
        assert server.stdin is not None
        with server, httpx.Client(timeout=30, trust_env=False, headers=HEADERS) as http:
            for name, value in HEADERS.items():
                server.stdin.write(f"{name}: {value}\n".encode())
            server.stdin.flush()
            url = f"http://127.0.0.1:{port}/v1/models/model"
            while http.get(url).status_code != 200:
                time.sleep(0.02)
            yield f"{url}:predict"


def _parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
