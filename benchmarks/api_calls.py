"""What one call of the API costs: calls for each second of the emulator's own processor time.

Counted so, and not by the clock, since the caller shares the machine.
"""

import asyncio
import json
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from async_emulator.emulator_process import EmulatorProcess

CALLS = 4_000
CONNECTIONS = 16
GOALS = {"submit (durable)": 1_000, "status": 3_000}

_MODEL = "class Model:\n    def predict(self, model_input):\n        return model_input\n"


def run(console: Console) -> None:
    """Print one row for each kind of call."""
    table = Table("call", "calls / CPU s", "goal", title="calls of the API")
    with tempfile.TemporaryDirectory() as folder:
        truss = Path(folder) / "truss"
        (truss / "model").mkdir(parents=True)
        (truss / "model" / "model.py").write_text(_MODEL)
        (truss / "config.yaml").write_text("model_name: echo\npython_version: py311\n")
        options = ("--no-rate-limits", "--control", "--data-dir", Path(folder) / "data")
        with EmulatorProcess(truss, *options) as emulator:
            emulator.wait_until_ready()
            emulator.control.pause()
            for name, rate in asyncio.run(_rates(emulator)).items():
                verdict = "reached" if rate >= GOALS[name] else "missed"
                table.add_row(name, f"{rate:,.0f}", f"{GOALS[name]:,} {verdict}")
    console.print(table)
    console.print(f"{CALLS:,} calls over {CONNECTIONS} connections, the queue's file on this disk\n")


async def _rates(emulator: EmulatorProcess) -> dict[str, float]:
    body = json.dumps({"model_input": {"prompt": "hello"}}).encode()
    submit = _message(emulator, "POST", "/production/async_predict", body)
    await _rate(emulator, submit, 201)  # warms up
    submits = await _rate(emulator, submit, 201)
    [request] = emulator.control.requests(limit=1)
    status = _message(emulator, "GET", f"/async_request/{request['request_id']}")
    return {"submit (durable)": submits, "status": await _rate(emulator, status, 200)}


def _message(emulator: EmulatorProcess, method: str, path: str, body: bytes = b"") -> bytes:
    key = emulator.headers["Authorization"]
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {key}\r\nContent-Length: {len(body)}"
    )
    return head.encode() + b"\r\n\r\n" + body


async def _rate(emulator: EmulatorProcess, message: bytes, status: int) -> float:
    address = urlsplit(emulator.base_url)
    before = _processor_seconds(emulator.process.pid)

    async def call() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for _ in range(CALLS // CONNECTIONS):
            writer.write(message)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 %d" % status):
                raise RuntimeError(head.decode())
            length = head.lower().partition(b"content-length:")[2].split()[0]
            await reader.readexactly(int(length))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(call() for _ in range(CONNECTIONS)))
    return CALLS / (_processor_seconds(emulator.process.pid) - before)


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
