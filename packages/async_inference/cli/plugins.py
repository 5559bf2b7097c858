"""Commands and checks that other packages add, found by the names of entry-point groups."""

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints


def plugins(group: str) -> "EntryPoints":
    """Return the entry points of `group` in every installed package."""
    found: EntryPoints = _installed().select(group=group)
    return found


@functools.cache  # a search through every installed package: once is enough
def _installed() -> Any:  # the class differs between Python 3.11 and later versions
    from importlib.metadata import entry_points  # here: a built-in command does not pay for the import

    return entry_points()
