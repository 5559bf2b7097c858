"""The library that a type of output needs, imported only where that type is met."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def requirement(name: str) -> Iterator[None]:
    """Turn an ImportError in this block into one that says to add `name` to the requirements."""
    try:
        yield
    except ImportError as error:
        problem = f"it needs {name}, which cannot be imported: add it to the requirements"
        raise ImportError(problem, name=error.name) from error
