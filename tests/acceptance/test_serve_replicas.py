"""`truss-async serve` with more than one replica, and with none."""

import os
import signal
import time

import pytest

from tests.acceptance.conftest import Caller, write_truss

pytestmark = pytest.mark.timeout(240)

# Tells which process ran it; waits for a file where it is told to.
MODEL = """
import os, pathlib, time

class Model:
    def predict(self, model_input):
        folder = pathlib.Path(os.environ["FOLDER"])
        (folder / f"{os.getpid()}.runs").touch()
        while model_input.get("wait") and not (folder / "open").exists():
            time.sleep(0.01)
        return {"pid": os.getpid()}
"""


def running(folder) -> list[int]:
    return [int(path.stem) for path in folder.glob("*.runs")]


def until(holds) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def pid_of(caller: Caller) -> int:
    pid: int = caller.http.post("/production/predict", json={}).json()["pid"]
    return pid


def test_a_replica_that_dies_is_replaced_while_the_other_serves(tmp_path, serve):
    truss = write_truss(tmp_path / "truss", MODEL)
    data = ("--data-dir", tmp_path / "data", "--env", f"FOLDER={tmp_path}")
    caller = serve(truss, *data, "--replicas", "2")
    retries = {"max_attempts": 2, "initial_delay_ms": 0}
    request_ids = [caller.submit({"wait": True}, inference_retry_config=retries) for _ in range(2)]
    until(lambda: len(running(tmp_path)) == 2)  # each replica runs one
    victim = running(tmp_path)[0]
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(running(tmp_path)) == 3)  # its request runs again, on what replaces it
    (tmp_path / "open").touch()
    for request_id in request_ids:
        caller.wait(request_id, "SUCCEEDED")
    assert "ended with exit code 137 (SIGKILL)" in caller.emulator.output
    assert {pid_of(caller), pid_of(caller)}.isdisjoint({victim})


def test_an_idle_deployment_scales_to_zero_and_starts_again_for_a_request(tmp_path, serve):
    truss = write_truss(tmp_path / "truss", MODEL)
    data = ("--data-dir", tmp_path / "data", "--env", f"FOLDER={tmp_path}")
    caller = serve(truss, *data, "--min-replicas", "0", "--scale-down-delay", "0.2")
    first = pid_of(caller)

    def is_gone(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    until(lambda: is_gone(first))
    assert caller.http.get("/healthz").status_code == 200
    request_id = caller.submit({})
    assert caller.status(request_id)["status"] == "QUEUED"
    caller.wait(request_id, "SUCCEEDED")
    second = max(running(tmp_path), key=lambda pid: (tmp_path / f"{pid}.runs").stat().st_mtime_ns)
    until(lambda: is_gone(second))
    assert pid_of(caller) not in (first, second)  # a sync call waits for the cold start


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.prove), signal.SIGTERM])
def test_an_orderly_stop_fails_no_running_request_that_has_one_attempt(tmp_path, serve, number):
    truss = write_truss(tmp_path / "truss", MODEL)
    data = ("--data-dir", tmp_path / "data", "--env", f"FOLDER={tmp_path}")
    caller = serve(truss, *data)
    request_id = caller.submit({"wait": True}, inference_retry_config={"max_attempts": 1})
    until(lambda: running(tmp_path))
    assert caller.emulator.stop(number) == 0
    (tmp_path / "open").touch()
    serve(truss, *data).wait(request_id, "SUCCEEDED")
