"""The queue that an emulator has left in a data directory, looked at from outside."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from async_emulator.errors import DataDirInUse, DataDirUnusable
from async_emulator.queue.queue_file import QUEUE_FILE
from async_inference.codes import RequestStatus

_NOT_ENDED = (RequestStatus.QUEUED, RequestStatus.IN_PROGRESS)


@contextlib.contextmanager
def left_queue(data_dir: Path) -> Iterator[int]:
    """Keep the queue from being opened meanwhile. Return the number of its requests that have not ended.

    A directory without a queue holds none. Raises DataDirInUse and DataDirUnusable.
    """
    if not (data_dir / QUEUE_FILE).is_file():
        yield 0
        return
    with contextlib.closing(sqlite3.connect(data_dir / QUEUE_FILE, isolation_level=None, timeout=0)) as queue:
        try:
            queue.execute("BEGIN EXCLUSIVE")
            [[number]] = queue.execute("SELECT count(*) FROM requests WHERE status IN (?, ?)", _NOT_ENDED)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise DataDirInUse(data_dir) from error
            raise DataDirUnusable(data_dir, error) from error
        yield number
