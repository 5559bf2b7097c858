"""The emulator, killed 100 times while it works: nothing acknowledged is lost, nothing ended runs again.

Nor do more attempts end than a request is allowed.

Of the 100 `kill -9`, 20 hit the command as a user starts it. The other 80 hit the same command forked from a
process that has imported it already (see forked_command), which spares seconds each time. The model server is
the real one throughout. One kill in four comes while the model loads, the others while requests run.
"""

import contextlib
import os
import random
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from async_emulator import EmulatorProcess
from tests.acceptance.conftest import write_truss
from tests.acceptance.test_serve import wait_until_none_under
from tests.prove.emulator.forked_command import ForkingCommand

pytestmark = [pytest.mark.prove, pytest.mark.timeout(600)]

SEED = 20_261_122
KILLS = 100
WHOLE_COMMANDS = 20
SLOTS = 4
OUTSTANDING = 40
"""Requests that wait or run at once: enough to keep every slot busy, and few enough to look at."""

MAX_ATTEMPTS = 3

# Writes down which request it runs, and in which process, before it does; and which attempt breaks.
MODEL = """
import asyncio, os, pathlib
from fastapi import HTTPException
from starlette.requests import Request

class Model:
    async def predict(self, model_input, request: Request):
        run = f"{request.headers['x-baseten-request-id']} {os.getpid()}"
        self.write(run)
        await asyncio.sleep(model_input["seconds"])
        if model_input["refuse"]:
            raise HTTPException(422, "refused")
        if model_input["break"]:
            self.write(run + " broke")
            raise HTTPException(500, "broken")
        return {}

    def write(self, line):
        with pathlib.Path(os.environ["RUNS"]).open("a") as runs:
            runs.write(line + "\\n")
"""
CONFIG = f"runtime: {{predict_concurrency: {SLOTS}}}\n"


class Emulator(Protocol):
    """What is killed."""

    @property
    def base_url(self) -> str: ...

    @property
    def headers(self) -> dict[str, str]: ...

    @property
    def output(self) -> str: ...

    def kill(self) -> None: ...


class Load:
    """One caller, who writes down what was acknowledged, and of what has ended how and when.

    "When" is the length of the file of runs by then: what it grows by afterwards has run afterwards. An
    acknowledged request has the statuses that it may end with: two where a kill cost the answer to a cancel.
    """

    def __init__(self, runs: Path, chance: random.Random) -> None:
        self.runs = runs
        self.chance = chance
        self.acknowledged: dict[str, set[str]] = {}
        self.outstanding: list[str] = []
        self.ended: dict[str, tuple[str, int]] = {}
        self.unanswered = 0

    def work(self, http: httpx.Client) -> None:
        """Submit, cancel and look until nobody answers."""
        with contextlib.suppress(httpx.TransportError):
            while True:
                if len(self.outstanding) < OUTSTANDING:
                    self.submit(http)
                    if self.chance.random() < 0.1:
                        self.cancel(http, self.chance.choice(self.outstanding))
                self.look(http, self.chance.choice(self.outstanding[:SLOTS]))

    def submit(self, http: httpx.Client) -> None:
        refuse, broken = self.chance.random() < 0.1, self.chance.random() < 0.2
        body = {
            "model_input": {"seconds": self.chance.uniform(0, 0.03), "refuse": refuse, "break": broken},
            "inference_retry_config": {"max_attempts": MAX_ATTEMPTS, "initial_delay_ms": 50},
        }
        self.unanswered += 1
        response = http.post("/production/async_predict", json=body)
        self.unanswered -= 1
        assert response.status_code == 201, response.text
        request_id = response.json()["request_id"]
        self.acknowledged[request_id] = {"FAILED" if refuse or broken else "SUCCEEDED"}
        self.outstanding.append(request_id)

    def cancel(self, http: httpx.Client, request_id: str) -> None:
        self.acknowledged[request_id].add("CANCELED")
        response = http.delete(f"/async_request/{request_id}")
        assert response.status_code == 200, response.text
        if response.json()["canceled"]:
            self.has_ended(request_id, "CANCELED")
        else:
            self.acknowledged[request_id].remove("CANCELED")

    def look(self, http: httpx.Client, request_id: str) -> None:
        response = http.get(f"/async_request/{request_id}")
        assert response.status_code == 200, response.text
        status = response.json()["status"]
        if request_id in self.ended:
            assert status == self.ended[request_id][0]
        elif status not in ("QUEUED", "IN_PROGRESS"):
            self.has_ended(request_id, status)

    def has_ended(self, request_id: str, status: str) -> None:
        assert status in self.acknowledged[request_id], f"{request_id} is {status}"
        self.ended[request_id] = (status, self.runs.stat().st_size)
        self.outstanding.remove(request_id)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    runs = tmp_path / "runs"
    runs.touch()
    return Load(runs, random.Random(SEED))


@pytest.fixture
def forking(tmp_path: Path) -> Iterator[ForkingCommand]:
    with ForkingCommand(tmp_path) as forking:
        yield forking


class Killer(threading.Thread):
    """Kills an emulator that listens: some time after that, or some runs and a moment later."""

    def __init__(self, emulator: Emulator, runs: Path, chance: random.Random) -> None:
        super().__init__()
        self.emulator = emulator
        self.runs = runs
        self.is_while_loading = chance.random() < 0.25
        self.seconds = chance.uniform(0, 0.8 if self.is_while_loading else 0.02)
        self.lines = 0 if self.is_while_loading else chance.randint(1, 60)
        self.runs_before = 0  # the length of the file of runs at the kill

    def run(self) -> None:
        deadline = time.monotonic() + 30  # where nothing runs, the load will tell
        with self.runs.open("rb") as runs:
            runs.seek(0, os.SEEK_END)
            while self.lines > 0 and time.monotonic() < deadline:
                self.lines -= runs.read().count(b"\n")
                time.sleep(0.001)
        time.sleep(self.seconds)
        self.runs_before = self.runs.stat().st_size
        self.emulator.kill()

    def close(self) -> None:
        """Whatever went wrong, the emulator ends."""
        if self.is_alive():
            self.join()
        self.emulator.kill()


@pytest.mark.closeness("ended stays ended")
def test_what_was_acknowledged_ends_once_and_what_has_ended_stays_so(tmp_path, load, forking):
    truss = write_truss(tmp_path / "truss", MODEL, CONFIG)
    data = tmp_path / "data"
    arguments = ("--data-dir", data, "--env", f"RUNS={load.runs}", "--no-rate-limits")

    def start(is_whole: bool) -> Emulator:
        return EmulatorProcess(truss, *arguments) if is_whole else forking.serve(truss, *arguments)

    def client(emulator: Emulator) -> httpx.Client:
        return httpx.Client(base_url=emulator.base_url, headers=emulator.headers, trust_env=False)

    order = [True] * WHOLE_COMMANDS + [False] * (KILLS - WHOLE_COMMANDS)
    load.chance.shuffle(order)
    kills: list[int] = []
    known: list[str] = []
    for is_whole in order:
        emulator = start(is_whole)
        killer = Killer(emulator, load.runs, load.chance)
        with contextlib.closing(killer), client(emulator) as http:
            for request_id in known:
                load.look(http, request_id)  # it is what it was before the kill
            before = set(load.ended)
            killer.start()
            load.work(http)
        kills.append(killer.runs_before)
        wait_until_none_under(data)
        known = [request_id for request_id in load.ended if request_id not in before]

    last = start(is_whole=False)
    with contextlib.closing(Killer(last, load.runs, load.chance)), client(last) as http:
        deadline = time.monotonic() + 60
        while load.outstanding:
            assert time.monotonic() < deadline, last.output
            load.look(http, load.outstanding[0])
        for request_id in load.acknowledged:
            load.look(http, request_id)
    check_runs(load, kills)
    statuses = Counter(status for status, _ in load.ended.values())
    print(f"{len(kills)} kills, {len(load.acknowledged)} requests: {dict(statuses)}")


def check_runs(load: Load, kills: list[int]) -> None:
    """Whether each request ended as it had to, and ran no more often than it may.

    `kills` are the lengths of the file of runs just before the kills. What a server says after a kill, nobody
    hears; what it says between that length and the kill, the emulator may have heard.
    """
    assert len(kills) == KILLS
    assert load.ended.keys() == load.acknowledged.keys()
    processes: dict[str, list[str]] = defaultdict(list)
    broken: Counter[str] = Counter()  # attempts whose break was heard for certain
    said_broken: Counter[str] = Counter()
    deaf: dict[str, int] = {}
    position = 0
    for line in load.runs.read_text().splitlines(keepends=True):
        request_id, process, *broke = line.split()
        if request_id in load.ended:
            assert position < load.ended[request_id][1], f"{request_id} ran again after its end"
        died = deaf.setdefault(process, next((kill for kill in kills if kill > position), sys.maxsize))
        if broke:
            broken[request_id] += position < died
            said_broken[request_id] += 1
        else:
            processes[request_id].append(process)
        position += len(line)
    again = 0
    for request_id, found in processes.items():
        interrupted = len(found) - max(said_broken[request_id], 1)
        status, _ = load.ended.get(request_id, ("", 0))
        is_cut_short = status == "CANCELED"  # after a kill, before what that interrupted ran again
        assert len(set(found)) + is_cut_short > interrupted, f"{request_id} ran again without a kill"
        again += interrupted
    assert 0 < again <= KILLS * SLOTS
    # More may break only where a kill comes between the model's answer and the commit, a moment later.
    too_many = sum(max(number - MAX_ATTEMPTS, 0) for number in broken.values())
    print(f"{broken.total()} attempts broke, {too_many} of them too many")
    assert too_many <= KILLS // 2
    assert len(processes.keys() - load.acknowledged.keys()) <= load.unanswered <= KILLS
    assert processes.keys() >= {each for each, (status, _) in load.ended.items() if status != "CANCELED"}
