"""A model server without Truss: its guard, its door and its processes are the real ones."""

import os
import sys
import time
from pathlib import Path

from async_emulator.prediction.model import ModelServer
from async_emulator.prediction.model_client import ModelClient
from async_emulator.replicas.replica import ModelServers, Replica
from async_emulator.trusses.replica_spec import ReplicaSpec, app_dir

_SERVER = """
import json, os, pathlib, subprocess, sys, time
import uvicorn

async def app(scope, receive, send):
    \"\"\"Show what a model can see of the call and of its own process.\"\"\"
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    seen = {"headers": headers, "arguments": sys.argv, "variables": dict(os.environ)}
    content_type = (b"content-type", b"application/json")
    await send({"type": "http.response.start", "status": 200, "headers": [content_type]})
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})

def note(name, pid):
    pathlib.Path(f"{name}.tmp").write_text(str(pid))
    os.rename(f"{name}.tmp", f"{name}.pid")

def forked_twice():
    \"\"\"A daemon with the server's own sockets and pipes.\"\"\"
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            note("daemon", os.getpid())
            time.sleep(600)
        os._exit(0)

def in_a_new_session():
    note("session", subprocess.Popen(["sleep", "600"], start_new_session=True).pid)

note("server", os.getpid())
note("guard", os.getppid())
"""
_SERVE = "\nuvicorn.Server(uvicorn.Config(app, log_level='warning', timeout_graceful_shutdown=1)).run()\n"


class Connections:
    """See async_emulator's Connections."""

    async def connect(self, base_url: str, token: str) -> ModelServer:
        return ModelClient(base_url, token)

    async def deliver(self, webhook_endpoint: str, result: object) -> bool:
        raise AssertionError("nothing is delivered")


class Tree:
    """A model server whose model does `deed` when it is loaded, and its processes."""

    def __init__(self, folder: Path) -> None:
        self.app = app_dir(folder)
        (self.app / "_truss_shared").mkdir(parents=True)
        (self.app / "_truss_shared" / "dynamic_config_resolver.py").touch()
        (self.app / "truss_server.py").touch()
        self.spec = ReplicaSpec(
            python=Path(sys.executable),
            run_dir=folder,
            packages_dir=folder,
            slots=1,
            name="model",
            environ={"PATH": os.environ["PATH"]},
        )
        self.lines: list[str] = []

    def write(self, deed: str) -> None:
        (self.app / "main.py").write_text(_SERVER + deed + _SERVE)

    async def start(self, deed: str, connections: Connections | None = None) -> Replica:
        self.write(deed)
        return await ModelServers(connections or Connections()).start(self.spec, self.lines.extend)

    def pid(self, name: str) -> int:
        path = self.app / f"{name}.pid"
        deadline = time.monotonic() + 20
        while not path.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return int(path.read_text())


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
