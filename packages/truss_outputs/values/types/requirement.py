"""A library that is needed for one type of output, and only where that type is met."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def requirement(name: str) -> Iterator[None]:
    """Where an import in it fails, the error says what to do about it."""
    try:
        yield
    except ImportError as error:
        problem = f"it needs {name}, which cannot be imported: add it to the requirements"
        raise ImportError(problem, name=error.name) from error
