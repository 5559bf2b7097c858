"""What installed packages add to the command, by the names of entry-point groups."""

import functools
from importlib.metadata import EntryPoints, entry_points
from typing import Any


def plugins(group: str) -> EntryPoints:
    """The entry points of a group."""
    found: EntryPoints = _installed().select(group=group)
    return found


@functools.cache
def _installed() -> Any:  # of another class in Python 3.11 than since
    return entry_points()  # looks into every package: once is enough
