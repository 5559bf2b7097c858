"""Show one async request without a webhook, from submit to the result in the store.

    python -m examples.demo [chain]

`make demo` and `make demo-chain` run it.
"""

import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml
from rich.console import Console
from rich.json import JSON
from rich.table import Table

from async_emulator.testing.emulator_process import EmulatorEnded, EmulatorProcess
from async_inference.client import AsyncInferenceClient
from async_inference.endpoint import Endpoint
from async_inference.errors import InferenceError
from async_inference.wait import wait_for_result
from async_inference.wire import AsyncPredictRequest, AsyncRequestStatus
from truss_outputs import LocalStore, OutputReader, StoredResult

ROOT = Path(__file__).resolve().parent.parent
OUTPUTS = ROOT / "outputs"
_POLL_SECONDS = 0.06  # the platform allows 20 status calls a second, and so does the emulator
_STORED = re.compile(r"\boutcome=won .*\bseconds=(\S+)")


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """A model or chain to serve, and the input to send to it."""

    source: Path
    model_input: Any
    is_chain: bool = False

    @classmethod
    def of_model(cls) -> Self:
        """The Truss at the root, with its own example input."""
        return cls(source=ROOT, model_input=_example())

    @classmethod
    def of_chain(cls) -> Self:
        """The chain, with three items: the example input, with fewer colours each time."""
        items = [{**_example(), "colors": colors} for colors in (4, 2, 1)]
        return cls(source=ROOT / "chain" / "chain.py", model_input={"items": items}, is_chain=True)


@dataclass(frozen=True, kw_only=True)
class Times:
    """The seconds that each part of a demo took."""

    total: float
    start: float
    queue: float
    predict: float
    store: float


def main(arguments: Sequence[str]) -> int:
    """Run the demo on the terminal, and return the exit code."""
    console = Console(stderr=False, highlight=False)
    is_chain = list(arguments) == ["chain"]
    try:
        run(console, Demonstration.of_chain() if is_chain else Demonstration.of_model())
    except (EmulatorEnded, InferenceError) as error:
        console.print(f"[red]the demo failed:[/red] {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def run(console: Console, demonstration: Demonstration) -> Times:
    """Serve the model or chain, send the input, and show the stored result."""
    started = time.perf_counter()
    url = OUTPUTS.as_uri()
    with tempfile.TemporaryDirectory() as data_dir:
        arguments = ("--data-dir", data_dir, "--env", f"TRUSS_OUTPUTS_URL={url}")

        def show(line: str) -> None:
            console.print(line, style="dim", markup=False, soft_wrap=True)

        with EmulatorProcess(demonstration.source, *arguments, on_line=show) as emulator:
            emulator.wait_until_ready()
            start = time.perf_counter() - started
            endpoint = Endpoint(base_url=emulator.base_url, is_chain=demonstration.is_chain)
            with AsyncInferenceClient(api_key=emulator.api_key, endpoint=endpoint) as client:
                request_id, history = _submit_and_follow(client, demonstration.model_input)
            reader = OutputReader(LocalStore(OUTPUTS))
            result = wait_for_result(request_id, reader=reader, timeout=10.0)
        log = emulator.output
    _show(console, request_id, history, result)
    return _times(time.perf_counter() - started, start, history, log)


def _example() -> dict[str, Any]:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    example: dict[str, Any] = config["model_metadata"]["example_model_input"]
    return example


def _submit_and_follow(
    client: AsyncInferenceClient, model_input: Any
) -> tuple[str, list[AsyncRequestStatus]]:
    request_id = client.submit(AsyncPredictRequest(model_input=model_input))
    history: list[AsyncRequestStatus] = []
    while not history or not history[-1].status.is_terminal:
        status = client.status(request_id)
        if not history or status != history[-1]:
            history.append(status)
        time.sleep(_POLL_SECONDS)
    return request_id, history


def _show(console: Console, request_id: str, history: list[AsyncRequestStatus], result: StoredResult) -> None:
    folder = OUTPUTS / request_id
    console.rule("an async request, and its result in the store")
    console.print(f"request id  [bold]{request_id}[/bold]\n")
    statuses = Table("status", "at (UTC)", "after", box=None, padding=(0, 3, 0, 0))
    queued_at = history[0].created_at
    statuses.add_row("QUEUED", f"{queued_at:%H:%M:%S.%f}", "0.0 ms")
    for status in history:
        if status.status == "QUEUED":
            continue
        after = (status.status_at - status.created_at).total_seconds() * 1_000
        statuses.add_row(status.status, f"{status.status_at:%H:%M:%S.%f}", f"{after:.1f} ms")
    console.print(statuses)
    console.print(f"\n{folder.relative_to(ROOT)}/result.json", style="bold")
    console.print(JSON(result.model_dump_json()), soft_wrap=True)
    artifacts = Table("artifact", "type", "bytes", box=None, padding=(0, 3, 0, 0))
    for artifact in result.truss_outputs.artifacts:
        artifacts.add_row(artifact.name, artifact.content_type, f"{artifact.size:,}")
    console.print(artifacts)
    console.print("\nnext:", style="bold")
    outputs = f"--outputs {OUTPUTS.as_uri()}"
    for command in (
        f".venv/bin/truss-async fetch {request_id} {outputs} --to results",
        ".venv/bin/truss-async serve            # and in another terminal, with the key it prints:",
        ".venv/bin/truss-async submit --example --wait",
        "make                                   # lists the other targets",
    ):
        console.print(f"  {command}", soft_wrap=True)


def _times(total: float, start: float, history: list[AsyncRequestStatus], log: str) -> Times:
    first, last = history[0], history[-1]
    begun = next((status for status in history if status.status == "IN_PROGRESS"), first)
    queue = (begun.status_at - begun.created_at).total_seconds()
    stored = _STORED.search(log)
    store = float(stored.group(1)) if stored else 0.0
    run_seconds = (last.status_at - begun.status_at).total_seconds()
    return Times(total=total, start=start, queue=queue, predict=max(run_seconds - store, 0.0), store=store)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
