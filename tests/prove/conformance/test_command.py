"""`truss-async conformance` against `truss-async serve`, both as they ship, over sockets."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from async_conformance.rows import access, submitting
from async_emulator.testing.emulator_process import EmulatorProcess
from tests.conformance_platform import SECRETS
from tests.prove.conformance.altered_api import PLATFORMS
from tests.prove.conformance.altering_proxy import altering_proxy

ROOT = Path(__file__).resolve().parents[3]
TRUSS = ROOT / "examples/conformance"
COMMAND = Path(sys.executable).with_name("truss-async")
LONG = {"retention", "prediction timeout", "submits"}  # tried under a clock of our own, in this process


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorProcess]:
    data_dir = tmp_path_factory.mktemp("conformance")
    environ = {"BASETEN_WEBHOOK_SECRETS": " ".join(SECRETS)}
    with EmulatorProcess(TRUSS, "--data-dir", data_dir, environ=environ) as emulator:
        emulator.wait_until_ready()
        yield emulator


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(emulator: EmulatorProcess, tmp_path: Path) -> Iterator[Start]:
    runs: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        environ = {
            **os.environ,
            "BASETEN_API_KEY": emulator.api_key,
            "TRUSS_ASYNC_BASE_URL": emulator.base_url,
            "BASETEN_WEBHOOK_SECRETS": " ".join(SECRETS),
        }
        runs.append(
            subprocess.Popen(
                [COMMAND, "conformance", "--yes", "--report", tmp_path / "report.json", *arguments],
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return runs[-1]

    yield start
    for run in runs:
        run.kill()
        run.communicate()


def webhook_options() -> list[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return ["--receive", str(port), "--webhook-url", f"http://localhost:{port}/hooks"]


def report_of(tmp_path: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
    return report


def test_the_emulator_is_the_same_in_every_row_even_after_ctrl_c(start, tmp_path, emulator):
    hooks = webhook_options()
    interrupted = start(*hooks)
    known: dict[str, Any] = {}
    while len(known) < 10:
        assert interrupted.poll() is None, interrupted.communicate()
        time.sleep(0.05)
        if (tmp_path / "report.json").exists():
            known = {name: row for name, row in rows_of(tmp_path).items() if row["outcome"] == "same"}
    interrupted.send_signal(signal.SIGINT)
    _, stderr = interrupted.communicate(timeout=30)
    assert interrupted.returncode == 130, stderr
    assert stderr.splitlines()[-1] == "truss-async: interrupted"
    report = report_of(tmp_path)
    assert report["is_finished"] is False
    assert report["calls"] > 10

    resumed = start(*hooks)
    stdout, stderr = resumed.communicate(timeout=500)
    assert resumed.returncode == 0, stdout + stderr
    assert not [name for name in known if f"same       {name}\n" in stdout]
    rows = rows_of(tmp_path)
    of_chains = {name for name, row in rows.items() if "--chain-id" in row["reason"]}
    assert {name for name, row in rows.items() if row["outcome"] != "same"} == LONG | of_chains
    assert len(of_chains) == 5
    text = (tmp_path / "report.json").read_text()
    assert not [secret for secret in (emulator.api_key, *SECRETS, "/hooks") if secret in text]
    assert report_of(tmp_path)["is_finished"] is True
    assert settings_of(tmp_path)["status_calls_per_second"] == 20


def rows_of(tmp_path: Path) -> dict[str, Any]:
    rows: dict[str, Any] = report_of(tmp_path)["rows"]
    return rows


def settings_of(tmp_path: Path) -> dict[str, Any]:
    return {name: value for row in rows_of(tmp_path).values() for name, value in row["settings"].items()}


def test_serve_like_a_report_is_like_the_target_of_the_report(start, tmp_path):
    rows = ["--only", "a wrong key", "--only", "status calls", "--only", "size of a body"]
    options = ("--wrong-key-status", "403", "--status-calls-per-second", "24", "--async-body-bytes", "300000")
    with EmulatorProcess(TRUSS, "--data-dir", tmp_path / "first", *options) as other:
        other.wait_until_ready()
        run = start("--base-url", other.base_url, "--api-key", other.api_key, *rows)
        stdout, stderr = run.communicate(timeout=100)
    assert run.returncode == 1, stdout + stderr
    like = ("--like", tmp_path / "report.json")
    with EmulatorProcess(TRUSS, "--data-dir", tmp_path / "second", *like) as alike:
        alike.wait_until_ready()
        again = start(
            *("--base-url", alike.base_url, "--api-key", alike.api_key, *rows),
            *("--report", str(tmp_path / "again.json")),
        )
        again.communicate(timeout=100)
    seen = [json.loads((tmp_path / name).read_text())["rows"] for name in ("report.json", "again.json")]
    assert {name: row["seen"] for name, row in seen[0].items()} == {
        name: row["seen"] for name, row in seen[1].items()
    }


ALTERED = ("wake: 200", "error bodies: no code", "described answers: submits are text", "submit: 202")


@pytest.mark.parametrize(
    "altered",
    [each for each in PLATFORMS if f"{each.row}: {each.differs}" in ALTERED],
    ids=lambda each: each.row,
)
def test_behind_a_proxy_that_alters_one_thing_exactly_its_row_differs(start, tmp_path, emulator, altered):
    rows = [row.name for row in (*access.ROWS, *submitting.ROWS)]
    with altering_proxy(emulator.base_url, altered.alteration()) as url:
        run = start("--base-url", url, *(part for name in rows for part in ("--only", name)))
        stdout, stderr = run.communicate(timeout=100)
    assert run.returncode == 1, stdout + stderr
    outcomes = {name: row["outcome"] for name, row in rows_of(tmp_path).items()}
    assert outcomes == {**dict.fromkeys(rows, "same"), altered.row: "differs"}, stdout


def test_the_example_chain_is_the_same_in_the_rows_of_chains(start, tmp_path):
    with EmulatorProcess(ROOT / "chain/chain.py", "--data-dir", tmp_path / "data") as chain:
        chain.wait_until_ready()
        run = start(
            *("--base-url", chain.base_url, "--api-key", chain.api_key, "--chain-id", "c"), *webhook_options()
        )
        stdout, stderr = run.communicate(timeout=100)
    assert run.returncode == 0, stdout + stderr
    same = {name for name, row in rows_of(tmp_path).items() if row["outcome"] == "same"}
    assert same == {
        *("run remote", "bare arguments", "status of a chain", "queue of a chain", "chain webhook")
    }
