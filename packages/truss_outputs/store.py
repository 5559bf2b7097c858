"""The boundary between results and wherever they are kept."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias

Body: TypeAlias = bytes | Path | Iterable[bytes]
"""What `put` takes: bytes, a file, or a stream of any length, hashed and counted while it passes."""


@dataclass(frozen=True, kw_only=True)
class PutReceipt:
    """What was stored: the body's size in bytes and its SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ObjectEntry:
    """An object as a listing knows it. `modified` is in UTC."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, kw_only=True)
class ObjectInfo(ObjectEntry):
    """An object without its bytes. `sha256` is None where the store keeps no checksum of its own."""

    content_type: str
    sha256: str | None


class Store(Protocol):
    """A place for objects, each a key, bytes and a content type.

    What every store guarantees:

    - A put is atomic: its object is there whole or not at all, to every reader, whatever crashes.
    - A put that returns has stored its object durably, and it is at once what `get`, `head` and `list` see.
    - `create=True` never overwrites. Of any number of concurrent creates of one key, one returns and the
      others raise AlreadyExists. Where an answer was lost, AlreadyExists can mean one's own write.
    - Keys are Unicode text in parts divided by '/'. One that could lead elsewhere, or that is not the same in
      all stores (see `keys.check_key`), raises InvalidKey before anything is done.
    - All else that goes wrong is a StoreError naming the url, whose `is_transient` says whether the store
      refused for good. No message holds a credential.
    - Every method may be called from many threads at once.
    """

    @property
    def url(self) -> str:
        """The url that names this store."""

    def url_of(self, key: str) -> str:
        """The url of an object here, whether it exists or not."""

    def put(self, key: str, body: Body, *, content_type: str, create: bool = False) -> PutReceipt:
        """Store `body` under `key`, in place of what was there, or with `create` only if nothing was.

        Where the server can, it checks the body against the checksum and refuses what arrived damaged.
        A file or a stream is never held whole. If reading it raises, that error passes and nothing is stored.
        A stream is used up even by a put that fails: who would try again needs a new one.
        """

    def get(self, key: str) -> bytes:
        """The object's bytes. Raises ObjectNotFound."""

    def open(self, key: str) -> Iterator[bytes]:
        """The object's bytes, chunk by chunk. Raises ObjectNotFound at once, StoreError while it is read."""

    def head(self, key: str) -> ObjectInfo:
        """What is known of the object. Raises ObjectNotFound."""

    def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
        """The objects whose key begins with `prefix`, in the order of their keys' UTF-8 bytes."""

    def delete(self, key: str) -> None:
        """Remove the object. That it is not there is no error."""
