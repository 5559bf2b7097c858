"""Runs the real Truss server in the model's own Python. `replica` starts it; nothing imports it.

    python server_process.py PACKAGES_DIR DYNAMIC_CONFIG_DIR LISTENER_FD     in the folder that holds main.py

The server's code is unchanged. This file adds four things that an image has and a laptop has not: the folder
of bundled packages at the end of the path, the folder that the platform mounts, a free port, and an end. The
server is a child of this process, whose standard input the emulator holds open: when the emulator ends in
whatever way, the input ends, and this process kills the whole process group.

Standard library only: the model's environment holds what its image would hold.
"""

import os
import signal
import socket
import sys
import threading
from pathlib import Path


def main() -> None:
    """Start the server, and guard it."""
    packages_dir, dynamic_config_dir, listener_fd = sys.argv[1], sys.argv[2], int(sys.argv[3])
    child = os.fork()
    if child == 0:
        _serve(packages_dir, dynamic_config_dir, listener_fd)
    else:
        os.close(listener_fd)
        _guard(child)


def _guard(child: int) -> None:
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    threading.Thread(target=_kill_all_when_alone, daemon=True).start()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _kill_all_when_alone() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.killpg(0, signal.SIGKILL)


def _serve(packages_dir: str, dynamic_config_dir: str, listener_fd: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    listener = socket.socket(fileno=listener_fd)
    # As in the image: the server's folder first, installed packages next, bundled packages last.
    sys.path[0] = str(Path.cwd())
    sys.path.append(packages_dir)

    import importlib.util
    import runpy

    import truss_server
    import uvicorn
    from _truss_shared import dynamic_config_resolver

    class LoopbackServer(uvicorn.Server):
        """uvicorn's server on the given socket instead of every address of the machine."""

        async def serve(self, sockets: object = None) -> None:
            await super().serve(sockets=[listener])

    uvicorn.Server = LoopbackServer  # type: ignore[misc]
    dynamic_config_resolver.DYNAMIC_CONFIG_MOUNT_DIR = dynamic_config_dir
    if importlib.util.find_spec("truss_chains") is not None:  # a chainlet reads its own copy of the module
        from truss.templates.shared import dynamic_config_resolver as of_chainlets

        of_chainlets.DYNAMIC_CONFIG_MOUNT_DIR = dynamic_config_dir
    # The file that says that loading failed: in the image it is in the home folder, which here is the user's.
    truss_server.INFERENCE_SERVER_FAILED_FILE = Path("inference_server_crashed.txt").resolve()
    runpy.run_path("main.py", run_name="__main__")


if __name__ == "__main__":
    main()
