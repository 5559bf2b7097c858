"""The emulator on a disk that is full, and what stands in its files once a request has ended."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from async_emulator import EmulatorProcess
from tests.acceptance.conftest import Caller, serve, write_truss
from tests.acceptance.test_serve import GATED_MODEL, seen, wait_until_none_under
from tests.full_disk import full_disk
from tests.prove.emulator.forked_command import ForkedEmulator, ForkingCommand

pytestmark = [pytest.mark.prove, pytest.mark.timeout(300)]

RUNNING = 8
__all__ = ["serve"]  # a fixture

CONFIG = f"runtime: {{predict_concurrency: {RUNNING}}}\n"
MARK = "never to be read again"


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 4 MB."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m", "none", mounted], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("NOT PROVED: only root may mount the small filesystem that this test fills")
    yield mounted
    subprocess.run(["umount", "--lazy", mounted], check=True)


def fill(disk: Path) -> Path:
    """Leave not one byte on the disk."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        for size in (65_536, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass
    return filler


def test_what_ends_while_the_disk_is_full_has_ended_for_good(tmp_path, small_disk, serve):
    truss = write_truss(
        tmp_path / "truss",
        GATED_MODEL.replace("def predict", "async def predict")
        .replace("import os", "import asyncio, os")
        .replace("time.sleep(0.01)", "await asyncio.sleep(0.01)"),
        CONFIG,
    )
    data = small_disk / "data"
    arguments = (truss, "--data-dir", data, "--env", f"FOLDER={tmp_path}")
    first: Caller = serve(*arguments)
    assert "warning: the disk of" in first.emulator.output
    request_ids = [first.submit({"number": number}) for number in range(RUNNING + 4)]
    running, waiting = request_ids[:RUNNING], request_ids[RUNNING:]
    for request_id in running:
        first.wait(request_id, "IN_PROGRESS")

    filler = fill(small_disk)
    refused = 0
    for _ in range(200):  # the log may have a few pages that are free
        answer = first.http.post("/production/async_predict", json={"model_input": "x" * 9_000})
        if answer.status_code != 503:
            assert answer.status_code == 201
            waiting.append(answer.json()["request_id"])
            continue
        refused += 1
        assert str(data) in answer.json()["error"]
    assert refused > 100
    (tmp_path / "open").touch()
    for request_id in running:
        first.wait(request_id, "SUCCEEDED")
    assert first.http.get("/healthz").status_code == 503
    assert first.emulator.process.poll() is None

    filler.unlink()
    eventually(lambda: first.http.get("/healthz").status_code == 200)
    for request_id in waiting:
        first.wait(request_id, "SUCCEEDED")
    first.emulator.kill()
    wait_until_none_under(data)
    second = serve(*arguments)
    for request_id in [*running, *waiting]:
        assert second.status(request_id)["status"] == "SUCCEEDED"
    assert sorted(seen(tmp_path)) == sorted([*running, *waiting])


def test_an_emulator_that_can_write_neither_queue_nor_log_lives_on(tmp_path):
    truss = write_truss(tmp_path / "truss", GATED_MODEL)
    with ForkingCommand(tmp_path) as forking:
        arguments = ("--data-dir", tmp_path / "data", "--env", f"FOLDER={tmp_path}", "--no-rate-limits")
        emulator: ForkedEmulator = forking.serve(truss, *arguments)
        http = httpx.Client(base_url=emulator.base_url, headers=emulator.headers, trust_env=False)
        with contextlib.closing(http), contextlib.ExitStack() as stack:
            stack.callback(emulator.kill)
            eventually(lambda: http.get("/healthz").status_code == 200)
            body: dict[str, object] = {"model_input": {}}
            request_id = http.post("/production/async_predict", json=body).json()["request_id"]
            path = f"/async_request/{request_id}"
            eventually(lambda: http.get(path).json()["status"] == "IN_PROGRESS")
            with full_disk(emulator.pid):
                for _ in range(20):
                    assert http.post("/production/async_predict", json=body).status_code == 503
                (tmp_path / "open").touch()
                eventually(lambda: http.get(path).json()["status"] == "SUCCEEDED")
                assert http.get("/healthz").json()["status"] == "disk failed"
            eventually(lambda: http.get("/healthz").status_code == 200)
            assert http.post("/production/async_predict", json=body).status_code == 201
            assert "takes changes again" in emulator.output


def files(data_dir: Path) -> bytes:
    return b"".join(path.read_bytes() for path in data_dir.glob("queue.sqlite3*"))


@pytest.mark.closeness("erased inputs")
def test_no_file_of_a_running_or_a_killed_emulator_holds_the_input_of_an_ended_request(tmp_path, serve):
    truss = write_truss(tmp_path / "truss", GATED_MODEL)
    (tmp_path / "open").touch()
    data = tmp_path / "data"
    arguments = (truss, "--data-dir", data, "--env", f"FOLDER={tmp_path}", "--control")
    first: Caller = serve(*arguments)
    for _ in range(20):
        request_id = first.submit({"prompt": MARK})
        first.wait(request_id, "SUCCEEDED")
    assert MARK.encode() in files(data)
    first.emulator.control.advance(10)
    eventually(lambda: MARK.encode() not in files(data))
    first.emulator.kill()
    assert MARK.encode() not in files(data)

    wait_until_none_under(data)
    second: Caller = serve(*arguments)
    second.wait(second.submit({"prompt": MARK}), "SUCCEEDED")
    second.emulator.kill()
    assert MARK.encode() in files(data)  # in the write-ahead log, as the kill came at once
    wait_until_none_under(data)
    with EmulatorProcess(*arguments) as third:
        assert third.base_url
        eventually(lambda: MARK.encode() not in files(data))


def test_a_file_that_is_no_queue_is_one_line_and_exit_code_2(tmp_path):
    truss = write_truss(tmp_path / "truss", GATED_MODEL)
    data = tmp_path / "data"
    data.mkdir()
    (data / "queue.sqlite3").write_bytes(b"not a database" * 100)
    with EmulatorProcess(truss, "--data-dir", data) as emulator:
        assert emulator.wait(30) == 2
    assert emulator.lines[-1] == (
        f"truss-async: {data} cannot hold the queue (file is not a database): "
        "choose another --data-dir, or mend this one: free space, or move a damaged queue.sqlite3 away"
    )
    assert "Traceback" not in emulator.output


def test_a_build_that_finds_no_room_is_one_line(tmp_path, small_disk):
    truss = write_truss(tmp_path / "truss", GATED_MODEL)
    filler = fill(small_disk)
    environ = {"XDG_CACHE_HOME": str(small_disk)}
    with EmulatorProcess(truss, "--data-dir", tmp_path / "data", environ=environ) as emulator:
        assert emulator.wait(60) in (1, 2)
    assert emulator.lines[-1].startswith("truss-async: ")
    assert "No space left on device" in emulator.lines[-1]
    assert "Traceback" not in emulator.output
    filler.unlink()


def test_a_change_that_finds_no_room_leaves_what_runs(tmp_path, small_disk, serve):
    model = "class Model:\n    def predict(self, model_input):\n        return 1\n"
    truss = write_truss(tmp_path / "truss", model)
    watching: Caller = serve(truss, "--data-dir", small_disk / "data", "--watch")
    filler = fill(small_disk)
    (truss / "model" / "model.py").write_text(model + "# changed\n")
    eventually(lambda: "not reloaded, what ran before goes on: " in watching.emulator.output)
    filler.unlink()
    eventually(lambda: watching.http.get("/healthz").status_code == 200)
    watching.wait(watching.submit({}), "SUCCEEDED")
