"""Runs the real Truss server in the model's own Python. `replica` starts it; nothing imports it.

    python server_process.py PACKAGES_DIR DYNAMIC_CONFIG_DIR LISTENER_FD     in the folder that holds main.py

The server's code is unchanged. This file adds five things that an image has and a laptop has not: the folder
of bundled packages at the end of the path, the folder that the platform mounts, a free port, an end, and a
door. Any program and any web page on this machine can reach the port, so the server answers only calls with
the header that is the first line of standard input, as `NAME: VALUE`. No code of the model's is told of it.
Where something stands in for what the machine lacks, `trusses.before_server` lies beside main.py and runs
first.

The server is a child of this process, the guard. On Linux the guard adopts what the model has detached, and
kills all of it when the server ends. The emulator holds the guard's standard input open: when the emulator
ends in whatever way, the input ends, and the guard kills the server and everything below it. On SIGUSR1 it
does the same.

Standard library only: the model's environment holds what its image would hold.
"""

import hmac
import logging
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

_Receive = Callable[[], Awaitable[dict[str, Any]]]
_Send = Callable[[dict[str, Any]], Awaitable[None]]
_App = Callable[[dict[str, Any], _Receive, _Send], Awaitable[None]]

_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
_REPORT_OF_A_THREAD = threading.excepthook  # its own name for this came with Python 3.10
_END_SECONDS = 1.0
"""How long killed processes may take to end. One that hangs in the kernel is left behind. Our choice."""


def main() -> None:
    """Start the server, and guard it."""
    packages_dir, dynamic_config_dir, listener_fd = sys.argv[1], sys.argv[2], int(sys.argv[3])
    header = _first_line(sys.stdin.fileno())
    child = os.fork()
    if child == 0:
        _serve(packages_dir, dynamic_config_dir, listener_fd, header)
    else:
        os.close(listener_fd)
        _guard(child)


def _first_line(fd: int) -> bytes:
    """Read no more than the line. End this process where there is none: then the emulator has ended."""
    line = b""
    while not line.endswith(b"\n"):
        if not (piece := os.read(fd, 1)):
            sys.exit(0)
        line += piece
    return line.strip()


def _guard(server: int) -> None:
    signal.signal(signal.SIGTERM, lambda *_: os.kill(server, signal.SIGTERM))
    signal.signal(signal.SIGUSR1, lambda *_: _end_at_once())
    _adopt_orphans()
    threading.Thread(target=_end_when_alone, daemon=True).start()
    child = None
    while child != server:
        child, status = os.waitpid(-1, 0)
    _end_children()
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _adopt_orphans() -> None:
    """Become the parent of every process below this one whose own parent ends. Only Linux can do this."""
    if sys.platform == "linux":
        with suppress(ImportError, OSError):  # a Python that was built without ctypes
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_when_alone() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGUSR1)


def _end_at_once() -> NoReturn:
    _end_children()
    os.killpg(0, signal.SIGKILL)
    raise SystemExit  # not reached: this process is in its own group


def _end_children() -> None:
    """Kill the children, and their children, which become ours, until there are none."""
    deadline = time.monotonic() + _END_SECONDS
    with suppress(ChildProcessError):
        while time.monotonic() < deadline:
            for child in _children():
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
            time.sleep(0.002)


def _children() -> Iterator[int]:
    """This process's children, as Linux lists them in /proc; elsewhere none."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            _, _, fields = (process / "stat").read_text(errors="replace").rpartition(")")
            if int(fields.split()[1]) == os.getpid():
                yield int(process.name)


class Door:
    """Lets the calls with `header` in, without it, and refuses all others before their bodies are read."""

    def __init__(self, app: _App, header: bytes) -> None:
        name, _, self._token = header.partition(b": ")
        self._name = name.lower()
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: _Receive, send: _Send) -> None:
        """Answer one call, or start or end the server."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        given = [value for name, value in scope["headers"] if name == self._name]
        if len(given) == 1 and hmac.compare_digest(given[0], self._token):
            others = [(name, value) for name, value in scope["headers"] if name != self._name]
            try:
                await self._app({**scope, "headers": others}, receive, send)
            except SystemExit as error:
                print(f"the model called sys.exit({error.code!r}) in a call, which fails", file=sys.stderr)
                raise
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
            body = b'{"error": "this server answers the emulator alone"}'
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": body})


def _end_with_a_failed_load(raised: threading.ExceptHookArgs) -> None:
    """End the server where its model called sys.exit while it loaded.

    The call ends the thread alone, of which truss_server hears nothing: the server would load for ever. Any
    other thread may end so.
    """
    if not isinstance(raised.exc_value, SystemExit):
        _REPORT_OF_A_THREAD(raised)
        return
    trace = traceback.walk_tb(raised.exc_traceback)
    if any(
        frame.f_code.co_name == "load" and "model_wrapper" in frame.f_globals["__name__"]
        for frame, _ in trace
    ):
        error = (SystemExit, raised.exc_value, raised.exc_traceback)
        logging.getLogger().error("The model called sys.exit while it loaded", exc_info=error)
        os._exit(raised.exc_value.code if isinstance(raised.exc_value.code, int) else 1)


def _serve(packages_dir: str, dynamic_config_dir: str, listener_fd: int, header: bytes) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    listener = socket.socket(fileno=listener_fd)
    # As in the image: the server's folder first, installed packages next, bundled packages last.
    sys.path[0] = str(Path.cwd())
    sys.path.append(packages_dir)
    if Path("_truss_async").is_dir():  # something stands in for what this machine lacks
        from _truss_async.prepare import prepare

        prepare()

    import importlib.util
    import runpy

    import truss_server
    import uvicorn
    from _truss_shared import dynamic_config_resolver

    class LoopbackServer(uvicorn.Server):
        """uvicorn's server on the given socket instead of every address of the machine, behind a door."""

        def __init__(self, config: uvicorn.Config) -> None:
            config.app = Door(config.app, header)  # type: ignore[arg-type]  # Truss gives an app, no name
            super().__init__(config)

        async def serve(self, sockets: object = None) -> None:
            await super().serve(sockets=[listener])

    uvicorn.Server = LoopbackServer  # type: ignore[misc]
    dynamic_config_resolver.DYNAMIC_CONFIG_MOUNT_DIR = dynamic_config_dir
    if importlib.util.find_spec("truss_chains") is not None:  # a chainlet reads its own copy of the module
        from truss.templates.shared import dynamic_config_resolver as of_chainlets

        of_chainlets.DYNAMIC_CONFIG_MOUNT_DIR = dynamic_config_dir
    # The file that says that loading failed: in the image it is in the home folder, which here is the user's.
    threading.excepthook = _end_with_a_failed_load
    truss_server.INFERENCE_SERVER_FAILED_FILE = Path("inference_server_crashed.txt").resolve()
    runpy.run_path("main.py", run_name="__main__")


if __name__ == "__main__":
    main()
