"""From `truss-async serve` on a Truss that was built before to ready, beside the bare server's own start."""

import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from async_emulator.testing.emulator_process import EmulatorProcess
from benchmarks.emulator.echo_truss import BenchTruss

ROUNDS = 15
GOAL = 1.5


def run(console: Console) -> None:
    """Print one row for each way to start."""
    with tempfile.TemporaryDirectory() as name:
        truss = BenchTruss(Path(name))
        bare = _BareServer.like_that_of(truss, Path(name) / "bare")
        rounds = [(_serve_seconds(truss), bare.start_seconds()) for _ in range(ROUNDS)]
    table = Table("", "seconds", "of the bare server's", f"goal {GOAL}", title="from the command to ready")
    ratio = statistics.median(served / bare for served, bare in rounds)
    served, alone = (statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    table.add_row("bare server", f"{alone:.2f}", "", "")
    table.add_row(
        "truss-async serve", f"{served:.2f}", f"{ratio:.2f}", "reached" if ratio <= GOAL else "missed"
    )
    console.print(table)
    console.print(f"the same server, environment and variables; medians of {ROUNDS} starts, in turns\n")


def _serve_seconds(truss: BenchTruss) -> float:
    started = time.perf_counter()
    with EmulatorProcess(*truss.arguments) as emulator:
        emulator.wait_until_ready()
        return time.perf_counter() - started


@dataclass(frozen=True, kw_only=True, slots=True)
class _BareServer:
    """A replica's server as the emulator runs it, started by hand. `command` lacks its listener."""

    command: Sequence[str]
    environ: dict[str, str] = field(repr=False)
    folder: Path

    @classmethod
    def like_that_of(cls, truss: BenchTruss, folder: Path) -> "_BareServer":
        """Serve the Truss once, and copy what its replica has."""
        with EmulatorProcess(*truss.arguments) as emulator:
            emulator.wait_until_ready()
            guard = _parent_of(truss.server_pid)
            command = Path(f"/proc/{guard}/cmdline").read_text().split("\0")[:-2]
            environ = Path(f"/proc/{guard}/environ").read_text().split("\0")[:-1]
            shutil.copytree(Path(f"/proc/{guard}/cwd").resolve(), folder)
        pairs = (variable.partition("=") for variable in environ)
        return cls(command=command, environ={name: value for name, _, value in pairs}, folder=folder)

    def start_seconds(self) -> float:
        """Start it, and wait until it says that it is ready."""
        started = time.perf_counter()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            server = subprocess.Popen(
                [*self.command, str(listener.fileno())],
                cwd=self.folder,
                env={**self.environ, "INFERENCE_SERVER_PORT": str(port)},
                stdin=subprocess.PIPE,  # its end ends the server
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )
        with server, httpx.Client(timeout=30, trust_env=False) as http:
            while http.get(f"http://127.0.0.1:{port}/v1/models/model").status_code != 200:
                time.sleep(0.02)
            return time.perf_counter() - started


def _parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
