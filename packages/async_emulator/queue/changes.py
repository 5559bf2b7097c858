"""The changes of the durable queue, on a disk that may fail.

A disk that fails loses no ending. What callers asked for, an enqueue or a cancel, is undone with the commit
that failed, and they get an error. What has happened to requests, a lease, an attempt or an end, is kept: it
is made again in a new transaction, which stays in memory until a later commit succeeds.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import Any, Protocol

from async_emulator.errors import DataDirFailed
from async_emulator.queue.queue_file import QueueFile, Values
from async_emulator.queue.request import AsyncRequest
from async_emulator.queue.request_queue import Committer
from async_emulator.queue.sqlite_row import to_changes

_log = logging.getLogger(__name__)


class RestorationWatcher(Protocol):
    """Knows something of the file that a failed commit may make untrue."""

    def restored(self, undone: Collection[str]) -> None:
        """All changes since the last commit are undone, but for those that are kept.

        `undone` are the ids of requests with a kept change that are gone, since their enqueue was undone.
        """
        ...


class Changes:
    """Makes changes in the file, and commits them together. Tells `watcher` where a commit has failed.

    Raises what QueueFile raises.
    """

    def __init__(self, data_dir: Path, watcher: RestorationWatcher) -> None:
        self._file = QueueFile(data_dir)
        self._watcher = watcher
        self._committer: Committer | None = None
        self._is_changed = False
        self._is_scrubbing = True  # an earlier process may have left erased inputs in the log
        self._error: Exception | None = None  # what the next commit raises
        self._problem: DataDirFailed | None = None  # why the last commit failed
        self._kept: dict[str, AsyncRequest] = {}

    def commit_by(self, committer: Committer) -> None:
        """Call `committer` at the first change after each commit from now on."""
        self._committer = committer

    def check_writable(self) -> None:
        """Raise DataDirFailed where the last commit failed."""
        if self._problem is not None:
            raise DataDirFailed(self._problem.data_dir, self._problem.reason)

    def read(self, statement: str, values: Values = ()) -> list[Any]:
        """Return every row that the statement finds."""
        return self._file.read(statement, values)

    def make(self, statement: str, values: Values = ()) -> sqlite3.Cursor:
        """Make a change that is undone where it cannot be committed."""
        self._begin()
        try:
            return self._file.change(statement, values)
        except Exception as error:
            self._fail(error)
            raise

    def keep(self, changed: AsyncRequest) -> bool:
        """Make a change of a request that is kept. False: the request is gone, as its enqueue was undone."""
        self._kept[changed.request_id] = changed
        if self._problem is not None and not self._file.in_transaction:
            self._begin()  # the next commit makes this change with the others
            return True
        with contextlib.suppress(DataDirFailed):  # then it has been made again already
            self.make("update_request", to_changes(changed))
        return changed.request_id in self._kept

    def scrub(self) -> None:
        """At the next commit, remove from the disk what remains of erased inputs."""
        self._begin()
        self._is_scrubbing = True

    def commit(self) -> None:
        """Hand every change to the operating system. Raises DataDirFailed, for one where the disk is full."""
        self._is_changed = False
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
            if self._problem is not None:
                self._restore()
            self._file.commit()
        except Exception as failed:
            self._fail(failed)
            self._error = None
            raise
        self._kept.clear()
        if self._problem is not None:
            _log.warning("the disk of %s takes changes again", self._problem.data_dir)
            self._problem = None
            self._file.end_in_memory()
        if self._is_scrubbing:
            with contextlib.suppress(DataDirFailed):  # the next commit tries again: this one is durable
                self._file.empty_log()
                self._is_scrubbing = False

    def close(self) -> None:
        """Commit, and close the file, which frees its lock. Raises DataDirFailed where changes are lost."""
        try:
            self.commit()
        except DataDirFailed:
            _log.error("%d requests may run again at the next start", len(self._kept))
            raise
        finally:
            self._file.close()

    def _begin(self) -> None:
        if not self._is_changed:
            self._is_changed = True
            if self._committer is not None:
                self._committer.changes_began()

    def _fail(self, error: Exception) -> None:
        """Undo all changes since the last commit but those that are kept. The next commit raises `error`."""
        self._error = error
        if isinstance(error, DataDirFailed):
            if self._problem is None:
                _log.error("%s", error)
            self._problem = error
        with contextlib.suppress(DataDirFailed):  # then the next commit tries it again
            self._restore()

    def _restore(self) -> None:
        """Make the kept changes again in a new transaction."""
        self._file.rollback()
        undone = []
        try:
            if self._problem is not None:
                self._file.begin_in_memory()
            for changed in list(self._kept.values()):
                if not self._file.change("update_request", to_changes(changed)).rowcount:
                    del self._kept[changed.request_id]
                    undone.append(changed.request_id)
            self._watcher.restored(undone)
        except DataDirFailed:
            self._file.rollback()
            raise
