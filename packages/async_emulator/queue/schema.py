"""The layout of the durable queue's file, and its migration from older versions.

Each file in `migrations/` leads from one version to the next, and a queue file holds its version in
`PRAGMA user_version`. A change of the layout is one more migration; a published migration never changes.
"""

import sqlite3
from pathlib import Path

from async_emulator.errors import DataDirTooNew

_MIGRATIONS = tuple(sorted(Path(__file__).with_name("migrations").glob("*.sql")))
VERSION = len(_MIGRATIONS)
"""The version of the files that this code reads and writes."""


def migrate(connection: sqlite3.Connection, data_dir: Path) -> None:
    """Bring the file to VERSION, in one transaction. Raises DataDirTooNew where it is of a later version."""
    version = _version_of(connection)
    if version > VERSION:
        raise DataDirTooNew(data_dir, version, VERSION)
    steps = "".join(path.read_text(encoding="utf-8") for path in _MIGRATIONS[version:])
    # Without a step too, as the files of the first two versions do not hold their version.
    script = f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {VERSION}; COMMIT;"
    try:
        connection.executescript(script)
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version_of(connection: sqlite3.Connection) -> int:
    """The version of the file; 0 where it is empty."""
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version:
        return int(version)
    columns = {name for (name,) in connection.execute("SELECT name FROM pragma_table_info('requests')")}
    if not columns:
        return 0
    return 2 if "kind" in columns else 1
