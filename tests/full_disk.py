"""A disk that takes nothing more, for the tests of whatever writes to one."""

import contextlib
import resource
from collections.abc import Iterator


@contextlib.contextmanager
def full_disk(process: int = 0) -> Iterator[None]:
    """In the body, every write of this process, or of another, to a file fails: also one over old bytes."""
    soft, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (soft, hard))
