"""`truss-async clean`: what it lists, what it removes, and what it never touches."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from async_emulator.command.clean import clean
from async_emulator.command.settings import cache_dir, state_dir
from async_emulator.queue.lifecycle import Event
from async_emulator.queue.sqlite import SQLiteQueue
from async_emulator.trusses.build_cache import BuildCache
from tests.queued_request import HERE, START, request

DAY = 86_400


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_dir().is_relative_to(tmp_path)
    return tmp_path


@pytest.fixture
def cache(home: Path) -> Iterator[BuildCache]:
    cache = BuildCache(cache_dir())
    yield cache
    cache.close()


def left(folder: Path, days: float = 0, size: int = 100_000) -> Path:
    """A folder that was used so many days ago."""
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(b"x" * size)
    os.utime(folder, (time.time() - days * DAY,) * 2)
    return folder


def state(name: str, *, has_ended: bool) -> Path:
    queue = SQLiteQueue(state_dir() / name, START)
    queue.enqueue(request("a"))
    if has_ended:
        queue.lease(HERE, START)
        queue.finish("a", Event.SUCCEED, START)
    queue.close()
    return state_dir() / name


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(clean, arguments)
    assert result.exit_code == 0, result.output
    return result


def test_without_yes_everything_is_listed_and_nothing_removed(cache):
    folders = [
        left(cache.chains_dir / "h"),
        left(cache.contexts_dir / "c"),
        left(cache.environments_dir / "e"),
        state("s", has_ended=True),
    ]
    result = run()
    lines = result.stdout.splitlines()
    for line, folder, kind in zip(
        lines, folders, ("chain", "build context", "environment", "state"), strict=True
    ):
        assert line.endswith(f"  {folder}")
        assert f"  {kind}  " in line
    assert lines[0].split()[:2] == ["0.1", "MB"]
    assert result.stderr.startswith("nothing removed (give --yes to remove 4 folders, 0.")
    assert all(folder.is_dir() for folder in folders)


def test_all_is_removed(cache):
    folders = [left(cache.environments_dir / "e"), left(cache.chains_dir / "h"), state("s", has_ended=True)]
    assert run("--yes").stderr.startswith("removed 3 folders, 0.")
    assert not any(folder.exists() for folder in folders)
    assert run("--yes").stderr == "nothing to remove\n"


def test_what_a_running_emulator_uses_is_kept(cache):
    environment = left(cache.environments_dir / "e", days=9)
    cache.use(environment)
    data_dir = state("s", has_ended=True)
    queue = SQLiteQueue(data_dir, START)
    assert run("--yes").stdout.count("(kept: in use)") == 2
    queue.close()
    assert environment.is_dir()
    assert data_dir.is_dir()


def test_state_with_requests_that_have_not_ended_is_kept(home):
    data_dir = state("s", has_ended=False)
    assert f"{data_dir}  (kept: 1 of its requests have not ended)" in run("--yes").stdout
    queue = SQLiteQueue(data_dir, START)
    assert queue.outstanding == 1
    queue.close()


def test_state_that_cannot_be_read_is_kept(home):
    data_dir = state("s", has_ended=True)
    (data_dir / "queue.sqlite3").write_bytes(b"no queue" * 1_000)
    assert "(kept: its queue cannot be read)" in run("--yes").stdout


def test_what_was_used_lately_is_spared(cache):
    young, old = left(cache.contexts_dir / "young", days=6.9), left(cache.contexts_dir / "old", days=7.1)
    result = run("--unused-for", "7", "--yes")
    assert str(young) not in result.stdout
    assert (young.exists(), old.exists()) == (True, False)


def test_a_look_at_a_queue_is_no_use_of_it(home):
    data_dir = state("s", has_ended=True)
    for file in (data_dir / "queue.sqlite3", data_dir):
        os.utime(file, (time.time() - 9 * DAY,) * 2)
    assert "give --yes" in run("--unused-for", "8").stderr
    assert run("--unused-for", "8", "--yes").stderr.startswith("removed 1 folders")
    assert not data_dir.exists()


def test_a_use_is_the_last_use(cache):
    folder = left(cache.contexts_dir / "c", days=30)
    cache.use(folder)
    cache.close()
    assert run("--unused-for", "1", "--yes").stderr == "nothing to remove\n"
