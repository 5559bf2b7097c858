"""The file of the durable queue: its opening, its statements by name, and one transaction at a time.

A commit hands the changes to the operating system, so they survive the death of this process; a loss of power
may undo the last commits (`synchronous = NORMAL`: sqlite.org/pragma.html). The file is locked for as long as
it is open.
"""

import contextlib
import os
import re
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from async_emulator.errors import DataDirFailed, DataDirInUse, DataDirUnusable
from async_emulator.queue.schema import VERSION, migrate
from async_emulator.queue.sqlite_row import SQL_PARTS

QUEUE_FILE = "queue.sqlite3"
_BESIDE = ("-wal", "-shm", "-journal")
"""The endings of the files that SQLite keeps beside its own, with the same rights (sqlite.org/tempfiles)."""

Values = Mapping[str, object] | Sequence[object]

_PRAGMAS = (
    "page_size = 1024",  # rows are small, and a commit writes whole pages
    "locking_mode = EXCLUSIVE",
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "wal_autocheckpoint = 8000",  # every 8 MB: a checkpoint writes pages all over a deep queue
    "secure_delete = ON",  # an erased input is overwritten, not only unlinked
    "journal_size_limit = 67108864",
)
_MISTAKES = (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
"""Errors of this code, where every other error of SQLite is one of the disk."""


class QueueFile:
    """The open file. Every method raises DataDirFailed where the disk fails: it is full, say, or damaged.

    Opening raises DataDirInUse where another process has the file open, DataDirTooNew where a later version
    of this package wrote it, and DataDirUnusable where the directory cannot hold it.
    """

    def __init__(self, data_dir: Path) -> None:
        self._sql = _statements()
        self._disk_errors = _DiskErrors(data_dir)
        try:
            data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            _keep_from_others(data_dir / QUEUE_FILE)
            self._connection = sqlite3.connect(data_dir / QUEUE_FILE, isolation_level=None, timeout=0)
        except (OSError, sqlite3.OperationalError) as error:
            raise DataDirUnusable(data_dir, error) from error
        try:
            for pragma in _PRAGMAS:
                self._connection.execute(f"PRAGMA {pragma}")
            migrate(self._connection, data_dir)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise DataDirInUse(data_dir) from error
            raise DataDirUnusable(data_dir, error) from error
        except Exception:
            self._connection.close()
            raise

    @property
    def in_transaction(self) -> bool:
        """Whether there are changes that are not committed."""
        return self._connection.in_transaction

    def read(self, statement: str, values: Values = ()) -> list[Any]:
        """Return every row that the statement finds, with the changes that are not committed.

        A text that is not UTF-8 comes as bytes: it spoils one request, and not the statement.
        """
        with self._disk_errors:
            try:
                return self._connection.execute(self._sql[statement], values).fetchall()
            except sqlite3.OperationalError as error:
                if "decode" not in str(error):
                    raise
            self._connection.text_factory = _text_or_bytes
            try:
                return self._connection.execute(self._sql[statement], values).fetchall()
            finally:
                self._connection.text_factory = str

    def change(self, statement: str, values: Values = ()) -> sqlite3.Cursor:
        """Change rows, in the transaction that the next commit ends."""
        with self._disk_errors:
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            return self._connection.execute(self._sql[statement], values)

    def commit(self) -> None:
        """Hand every change to the operating system. Where this raises, the changes may be undone."""
        with self._disk_errors:
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Undo every change since the last commit. SQLite has done so already, after some errors."""
        with self._disk_errors:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def begin_in_memory(self) -> None:
        """Begin a transaction that touches the disk only when it is committed, and then writes for certain.

        Without this, SQLite writes a page as soon as many have changed, and no page where none has changed.
        """
        with self._disk_errors:
            self._connection.execute("PRAGMA cache_spill = OFF")
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def end_in_memory(self) -> None:
        """Let later transactions write before they are committed, so that a large one fits into memory."""
        with self._disk_errors:
            self._connection.execute("PRAGMA cache_spill = ON")

    def empty_log(self) -> None:
        """Move all that is committed into the main file, and cut the write-ahead log to nothing.

        The log holds each page as it once was, with inputs that have been erased since. There must be no
        transaction.
        """
        with self._disk_errors:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Undo what is not committed, and close the file, which frees its lock."""
        self._connection.close()


class _DiskErrors:
    """A context that raises DataDirFailed for every error of SQLite that is not a mistake of this code."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, sqlite3.Error) and not isinstance(error, _MISTAKES):
            raise DataDirFailed(self._data_dir, error) from error


def _keep_from_others(file: Path) -> None:
    """Let only its owner read the queue, whose inputs are the callers' own, whatever the folder allows."""
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    for path in (file, *(file.with_name(file.name + ending) for ending in _BESIDE)):
        with contextlib.suppress(FileNotFoundError):
            path.chmod(0o600)


def _text_or_bytes(text: bytes) -> str | bytes:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text


def _statements() -> dict[str, str]:
    text = Path(__file__).with_name("queue.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)[1:]
    return {
        name: sql.strip().format_map(SQL_PARTS) for name, sql in zip(parts[::2], parts[1::2], strict=True)
    }
