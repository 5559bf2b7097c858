"""What was waited for is in the file."""

import shutil
from datetime import UTC, datetime

from async_emulator.group_commit import GroupCommit
from async_emulator.kind import Kind
from async_emulator.lifecycle import initial_webhook_status
from async_emulator.request import AsyncRequest
from async_emulator.sqlite_queue import SQLiteQueue
from async_inference.wire import InferenceRetryConfig, RequestStatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def request(request_id: str) -> AsyncRequest:
    return AsyncRequest(
        request_id=request_id,
        model_id="model",
        deployment_id="deployment",
        status=RequestStatus.QUEUED,
        webhook_status=initial_webhook_status(None),
        created_at=NOW,
        status_at=NOW,
        queue_deadline=NOW,
        max_time_in_queue_seconds=600,
        priority=0,
        model_input=b"{}",
        webhook_endpoint=None,
        retry_config=InferenceRetryConfig(),
        kind=Kind.MODEL,
    )


async def test_even_where_something_was_changed_before_anybody_committed(tmp_path):
    queue = SQLiteQueue(tmp_path / "queue", NOW)
    queue.enqueue(request("before"))
    commits = GroupCommit(queue)
    queue.enqueue(request("after"))
    await commits.wait()
    shutil.copytree(tmp_path / "queue", tmp_path / "as a crash leaves it")
    survived = SQLiteQueue(tmp_path / "as a crash leaves it", NOW)
    assert [survived.get(name).request_id for name in ("before", "after")] == ["before", "after"]
    survived.close()
    queue.close()
