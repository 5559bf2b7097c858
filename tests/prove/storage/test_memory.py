"""An output of 2 GB goes through in a few MB."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.prove.storage.sink import sink

ROOT = Path(__file__).resolve().parents[3]
GROWTH_MB = 64


def growth_of(*place: str) -> float:
    command = [sys.executable, "-m", "tests.prove.storage.streaming_writer", "2", *place]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def test_into_a_folder(tmp_path):
    assert growth_of(tmp_path.as_uri()) <= GROWTH_MB
    [video] = tmp_path.glob("large/*/video*")
    assert video.stat().st_size == 2_000_000_000
    video.unlink()


@pytest.mark.parametrize("engine", ["sdk", "obstore"])
def test_into_s3(engine):
    with sink() as endpoint:
        assert growth_of("s3://bucket/prefix", endpoint, engine) <= GROWTH_MB
