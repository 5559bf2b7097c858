"""A store that fails where a test says so, and the time a test has."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from truss_outputs import Backoff, MemoryStore, ObjectEntry, ObjectInfo, PutReceipt
from truss_outputs.store import Body

T = TypeVar("T")


@dataclass
class Fault:
    """Raises `error` in `method` for keys that end in `key`, so many `times`.

    With `after`, it does so when the method has done its work: an acknowledgement that got lost.
    """

    method: str
    key: str
    error: Callable[[str], BaseException]
    times: int = 1
    after: bool = False

    lock: Lock = field(default_factory=Lock)

    def strikes(self, method: str, key: str, *, after: bool) -> bool:
        with self.lock:
            hit = self.times > 0 and method == self.method and key.endswith(self.key) and after is self.after
            self.times -= hit
            return hit


@dataclass
class FaultyStore:
    faults: list[Fault] = field(default_factory=list)
    inner: MemoryStore = field(default_factory=lambda: MemoryStore("faulty"))
    calls: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.inner.url

    def url_of(self, key: str) -> str:
        return self.inner.url_of(key)

    def put(self, key: str, body: Body, *, content_type: str, create: bool = False) -> PutReceipt:
        return self._do(
            "put", key, lambda: self.inner.put(key, body, content_type=content_type, create=create)
        )

    def get(self, key: str) -> bytes:
        return self._do("get", key, lambda: self.inner.get(key))

    def open(self, key: str) -> Iterator[bytes]:
        return self._do("open", key, lambda: self.inner.open(key))

    def head(self, key: str) -> ObjectInfo:
        return self._do("head", key, lambda: self.inner.head(key))

    def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
        return self.inner.list(prefix)

    def delete(self, key: str) -> None:
        self._do("delete", key, lambda: self.inner.delete(key))

    def _do(self, method: str, key: str, operation: Callable[[], T]) -> T:
        self.calls.append((method, key))
        self._strike(method, key, after=False)
        outcome = operation()
        self._strike(method, key, after=True)
        return outcome

    def _strike(self, method: str, key: str, *, after: bool) -> None:
        for fault in self.faults:
            if fault.strikes(method, key, after=after):
                raise fault.error(self.url_of(key))

    @property
    def keys(self) -> Sequence[str]:
        return [entry.key for entry in self.inner.list()]


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def backoff(self, *, draw: float = 1.0) -> Backoff:
        return Backoff(sleep=self.sleep, clock=self.time, random=lambda: draw)
