"""A store in this process's memory: for trying things out, and for tests."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from truss_outputs.errors import AlreadyExists, ObjectNotFound
from truss_outputs.keys import check_key
from truss_outputs.store import Body, ObjectEntry, ObjectInfo, PutReceipt
from truss_outputs.stores.scheme import Scheme
from truss_outputs.stores.transfer import CHUNK, Passing, in_parts

_NAME = re.compile(r"[A-Za-z0-9._-]*")


@dataclass(frozen=True, kw_only=True)
class _Object:
    body: bytes
    info: ObjectInfo


class MemoryStore:
    """A `Store` that ends with its process."""

    def __init__(self, name: str = "") -> None:
        self._url = f"memory://{name}"
        self._objects: dict[str, _Object] = {}
        self._lock = Lock()

    @classmethod
    def named(cls, name: str) -> "MemoryStore":
        """The store of this name: in one process, equal urls name the same store."""
        return _NAMED.setdefault(name, cls(name))

    @property
    def url(self) -> str:
        """The url that names this store."""
        return self._url

    def url_of(self, key: str) -> str:
        """The url of an object here, whether it exists or not."""
        return f"{self._url}/{key}"

    def put(self, key: str, body: Body, *, content_type: str, create: bool = False) -> PutReceipt:
        """Store `body` under `key`; see `Store.put`."""
        check_key(key)
        passing = Passing(body)
        whole = b"".join(passing)
        receipt = passing.receipt
        info = ObjectInfo(
            key=key,
            size=receipt.size,
            modified=datetime.now(UTC),
            content_type=content_type,
            sha256=receipt.sha256,
        )
        with self._lock:
            if create and key in self._objects:
                raise AlreadyExists(self.url_of(key))
            self._objects[key] = _Object(body=whole, info=info)
        return receipt

    def put_seconds(self, size: int) -> float | None:
        """Next to nothing; see `EndsInTime`."""
        return 0.0

    def get(self, key: str) -> bytes:
        """The object's bytes; see `Store.get`."""
        return self._object(key).body

    def open(self, key: str) -> Iterator[bytes]:
        """The object's bytes, chunk by chunk; see `Store.open`."""
        return in_parts([self._object(key).body], CHUNK)

    def head(self, key: str) -> ObjectInfo:
        """The object without its bytes; see `Store.head`."""
        return self._object(key).info

    def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
        """The objects whose key begins with `prefix`; see `Store.list`."""
        with self._lock:
            found = [stored.info for key, stored in self._objects.items() if key.startswith(prefix)]
        yield from sorted(found, key=lambda info: info.key.encode())

    def delete(self, key: str) -> None:
        """Remove the object; see `Store.delete`."""
        check_key(key)
        with self._lock:
            self._objects.pop(key, None)

    def _object(self, key: str) -> _Object:
        check_key(key)
        with self._lock:
            stored = self._objects.get(key)
        if stored is None:
            raise ObjectNotFound(self.url_of(key))
        return stored


# Shared on purpose: in a process, a name is an address. `MemoryStore()` makes a store that nothing shares.
_NAMED: dict[str, MemoryStore] = {}


def _check(place: str, path: str) -> None:
    if path or not _NAME.fullmatch(place):
        raise ValueError("a memory has a name and no more")


def _open(place: str, path: str, options: None) -> MemoryStore:
    return MemoryStore.named(place)


SCHEME = Scheme(name="memory", example="memory://name", check=_check, open=_open)
