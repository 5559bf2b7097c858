"""What was waited for is in the file."""

import shutil

from async_emulator.queue.group_commit import GroupCommit
from async_emulator.queue.sqlite import SQLiteQueue
from tests.queued_request import START, request


async def test_even_where_something_was_changed_before_anybody_committed(tmp_path):
    queue = SQLiteQueue(tmp_path / "queue", START)
    queue.enqueue(request("before"))
    commits = GroupCommit(queue)
    queue.enqueue(request("after"))
    await commits.wait()
    shutil.copytree(tmp_path / "queue", tmp_path / "as a crash leaves it")
    survived = SQLiteQueue(tmp_path / "as a crash leaves it", START)
    assert [survived.get(name).request_id for name in ("before", "after")] == ["before", "after"]
    survived.close()
    queue.close()
