"""How fast results are stored: our writer, with both engines, against plain SDKs and against rivals.

All in one run, against one server on this machine, each way in a process of its own.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.rival_environment import rival_python
from benchmarks.storage.s3_target import is_available, s3_target
from benchmarks.storage.storage_client import SMALL_WRITES

ROUNDS = 3
WAYS = ("boto3", "obstore", "writer-sdk", "writer-obstore")
# A rival, its requirement, and how many writes of it are bearable to wait for.
RIVALS = (
    ("smart_open", "smart_open[s3]==9.0.2", 500),
    ("s3fs", "s3fs==2026.9.0", 500),
    ("runpod", "runpod==1.12.0", 40),
)
_ROOT = Path(__file__).resolve().parents[2]

Measures = dict[str, float]


def run(console: Console) -> None:
    """Print the tables; without nginx, say how to get it."""
    if not is_available():
        console.print(
            "storage: not measured, as nginx is not on this machine (Debian: apt-get install nginx)\n"
        )
        return
    with s3_target() as endpoint:
        _small(console, endpoint)
        _large(console, endpoint)


def _small(console: Console, endpoint: str) -> None:
    rounds = [{way: _measure(way, "small", endpoint) for way in WAYS} for _ in range(ROUNDS)]
    table = Table(
        *("", "writes /s", "x boto3", "ms CPU a write", "of boto3's", "of obstore's /s"),
        title="10 KB results in S3, 16 at once",
    )
    for way in WAYS:
        times_boto3 = _median(one["boto3"]["seconds"] / one[way]["seconds"] for one in rounds)
        cpu_share = _median(one[way]["cpu"] / one["boto3"]["cpu"] for one in rounds)
        of_obstore = _median(one["obstore"]["seconds"] / one[way]["seconds"] for one in rounds)
        rate = SMALL_WRITES / _median(one[way]["seconds"] for one in rounds)
        cpu = _median(one[way]["cpu"] for one in rounds) / SMALL_WRITES * 1_000
        table.add_row(
            way, f"{rate:,.0f}", f"{times_boto3:.2f}", f"{cpu:.3f}", f"{cpu_share:.2f}", f"{of_obstore:.2f}"
        )
    boto3_seconds = _median(one["boto3"]["seconds"] for one in rounds) / SMALL_WRITES
    for rival, requirement, writes in RIVALS:
        measured = _measure_rival(rival, requirement, writes, endpoint)
        if measured is None:
            table.add_row(requirement, "did not run", "", "", "", "")
            continue
        seconds = measured["seconds"] / measured["writes"]
        cpu = measured["cpu"] / measured["writes"] * 1_000
        table.add_row(
            requirement, f"{1 / seconds:,.0f}", f"{boto3_seconds / seconds:.2f}", f"{cpu:.3f}", "", ""
        )
    console.print(table)
    console.print(
        "writer-*: OutputWriter.write, everything included; goals: obstore engine 6 times boto3 with at most "
        "0.25 of its CPU (aim: 0.5 of obstore), sdk engine 0.85; "
        f"medians of {ROUNDS} rounds of {SMALL_WRITES:,} writes\n"
    )


def _large(console: Console, endpoint: str) -> None:
    table = Table("", *("MB/s", "x boto3", "of obstore", "memory") * 2, title="1 GB: a file, then a stream")
    jobs = ("file", "stream")
    rounds = [
        {way: {job: _measure(way, job, endpoint) for job in jobs} for way in WAYS} for _ in range(ROUNDS)
    ]
    for way in WAYS:
        cells = []
        for job in jobs:
            taken = [{other: one[other][job]["seconds"] for other in WAYS} for one in rounds]
            rate = 1_073.7 / _median(one[way] for one in taken)
            growth = _median(one[way][job]["peak_mb"] - one[way][job]["before_mb"] for one in rounds)
            times_boto3 = _median(one["boto3"] / one[way] for one in taken)
            of_obstore = _median(one["obstore"] / one[way] for one in taken)
            cells += [f"{rate:,.0f}", f"{times_boto3:.2f}", f"{of_obstore:.2f}", f"+{growth:.0f} MB"]
        table.add_row(way, *cells)
    console.print(table)
    console.print(
        "goals: obstore engine 2 times boto3's defaults, 0.9 of bare obstore, at most +64 MB; "
        f"medians of {ROUNDS} rounds\n"
    )


def _measure(way: str, job: str, endpoint: str) -> Measures:
    command = [sys.executable, "-m", "benchmarks.storage.storage_client", way, job, endpoint]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True, timeout=300)
    measures: Measures = json.loads(done.stdout)
    return measures


def _measure_rival(rival: str, requirement: str, writes: int, endpoint: str) -> Measures | None:
    python = rival_python(rival, requirement)
    script = Path(__file__).with_name("storage_rival.py")
    command = [str(python), str(script), rival, endpoint, str(writes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        return None
    measures: Measures = json.loads(done.stdout.splitlines()[-1])
    return measures


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)
