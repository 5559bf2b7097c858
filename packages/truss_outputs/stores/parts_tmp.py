"""The parts of one upload, several at once, while the next are still being made."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_IN_FLIGHT = 4  # with the part being read, 40 MiB


def uploaded(put: Callable[[int, bytes], T], parts: Iterable[bytes], *, name: str) -> list[T]:
    """What `put` returned of each part, by its number from 1, in their order.

    Raises what `parts` and `put` raise, once no call is under way: no part arrives after an upload was given
    up. `name` is what the threads are called.
    """
    done: list[T] = []
    in_flight: deque[Future[T]] = deque()
    threads = ThreadPoolExecutor(_IN_FLIGHT, thread_name_prefix=name)
    try:
        for number, part in enumerate(parts, start=1):
            if len(in_flight) == _IN_FLIGHT:
                done.append(in_flight.popleft().result())
            in_flight.append(threads.submit(put, number, part))
        done.extend(future.result() for future in in_flight)
    finally:
        threads.shutdown(cancel_futures=True)
    return done
