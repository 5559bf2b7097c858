import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from async_inference.cli.main import main

LEFT = f"r2/{'a' * 32}/image.png"


@pytest.fixture
def run(outputs):
    return lambda *arguments: CliRunner().invoke(main, ["gc", "--outputs", outputs, *arguments])


@pytest.fixture
def left(outputs, tmp_path) -> Path:
    """An artifact of two days ago, whose attempt never committed; the result beside it is as old."""
    path: Path = tmp_path / "results" / LEFT
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 1_000)
    for each in (tmp_path / "results").rglob("*"):
        if each.is_file():
            before = each.stat().st_mtime - 2 * 86_400
            os.utime(each, (before, before))
    return path


def test_what_is_found_is_listed_and_kept(run, left, outputs):
    result = run("--older-than", "1d")
    assert result.exit_code == 0
    assert result.stdout == f"{outputs}/{LEFT}  1,000 bytes, no result was stored\n"
    assert "1 objects of 1,000 bytes found, and nothing deleted" in result.stderr
    assert left.exists()


def test_and_deleted_if_asked_for(run, left, outputs, tmp_path):
    result = run("--older-than", "24h", "--delete", "--json")
    assert json.loads(result.stdout) == {
        "deleted": True,
        "size": 1_000,
        "objects": [{"url": f"{outputs}/{LEFT}", "size": 1_000, "reason": "no result was stored"}],
    }
    assert not left.exists()
    assert (tmp_path / "results/r1/result.json").exists()
    assert len(list((tmp_path / "results/r1").rglob("*.png"))) == 1


def test_a_week_by_default(run, left):
    result = run("--delete")
    assert (result.exit_code, result.stdout) == (0, "")
    assert left.exists()


@pytest.mark.parametrize("age", ["0h", "7", "59m", "-1d", "soon", ""])
def test_an_age_that_is_none(run, age):
    result = run("--older-than", age)
    assert result.exit_code == 2
    assert f"{age!r} is not allowed: 1h or more" in result.stderr


def test_what_may_be_under_way_is_deleted_only_with_a_yes(run, left):
    result = run("--older-than", "1h", "--delete")
    assert result.exit_code == 2
    assert "stop all writers and add --yes" in result.stderr
    assert left.exists()
    assert run("--older-than", "1h").exit_code == 0
    assert run("--older-than", "1h", "--delete", "--yes").exit_code == 0
    assert not left.exists()


def test_what_interrupted_writes_left_is_deleted(run, left, outputs):
    half = left.with_name(f".{'b' * 32}")
    left.rename(half)
    result = run("--older-than", "1d", "--delete")
    assert f"{half.name}  1,000 bytes, a write was interrupted" in result.stdout
    assert not half.exists()
