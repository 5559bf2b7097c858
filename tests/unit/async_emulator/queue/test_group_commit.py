"""What was waited for is in the file."""

import asyncio
import shutil

import pytest

from async_emulator.clock import ManualClock
from async_emulator.errors import DataDirFailed
from async_emulator.queue.group_commit import RETRY_SECONDS, GroupCommit
from async_emulator.queue.sqlite import SQLiteQueue
from tests.full_disk import full_disk
from tests.queued_request import START, request


async def test_even_where_something_was_changed_before_anybody_committed(tmp_path):
    queue = SQLiteQueue(tmp_path / "queue", START)
    queue.enqueue(request("before"))
    commits = GroupCommit(queue, ManualClock())
    queue.enqueue(request("after"))
    await commits.wait()
    shutil.copytree(tmp_path / "queue", tmp_path / "as a crash leaves it")
    survived = SQLiteQueue(tmp_path / "as a crash leaves it", START)
    assert [survived.get(name).request_id for name in ("before", "after")] == ["before", "after"]
    survived.close()
    queue.close()


async def test_after_a_commit_that_failed_the_next_is_tried_every_second(tmp_path):
    clock = ManualClock()
    queue = SQLiteQueue(tmp_path, START)
    commits = GroupCommit(queue, clock)
    with full_disk():
        queue.enqueue(request("refused"))
        with pytest.raises(DataDirFailed):
            await commits.wait()
        clock.advance(RETRY_SECONDS)
        await asyncio.sleep(0)
        with pytest.raises(DataDirFailed):
            queue.check_writable()
    for _ in range(2):
        with pytest.raises(DataDirFailed):
            queue.check_writable()
        await asyncio.sleep(0)
    clock.advance(RETRY_SECONDS)
    await asyncio.sleep(0)
    queue.check_writable()
    commits.stop()
    queue.close()


async def test_one_that_is_stopped_tries_no_more(tmp_path):
    clock = ManualClock()
    queue = SQLiteQueue(tmp_path, START)
    commits = GroupCommit(queue, clock)
    commits.stop()
    with full_disk():
        queue.enqueue(request("refused"))
        with pytest.raises(DataDirFailed):
            await commits.wait()
    commits.stop()
    clock.advance(RETRY_SECONDS)
    await asyncio.sleep(0)
    with pytest.raises(DataDirFailed):
        queue.check_writable()
    queue.close()


async def test_a_scrub_is_committed_though_nothing_else_changes(tmp_path):
    queue = SQLiteQueue(tmp_path, START)
    commits = GroupCommit(queue, ManualClock())
    queue.enqueue(request("a"))
    await commits.wait()
    queue.cancel("a", START)
    await commits.wait()
    queue.scrub()
    await commits.wait()
    assert not any(b"prompt" in path.read_bytes() for path in tmp_path.iterdir())
    queue.close()
