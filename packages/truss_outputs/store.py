"""The boundary between results and the places that keep them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

Body: TypeAlias = bytes | Path | Iterable[bytes]
"""The body of a `put`: bytes, a file, or a stream of any length. It is hashed and counted as it is read."""


@dataclass(frozen=True, kw_only=True)
class PutReceipt:
    """The size in bytes of the stored body, and its SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ObjectEntry:
    """One object of a listing. `modified` is in UTC."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, kw_only=True)
class ObjectInfo(ObjectEntry):
    """An object without its bytes. `sha256` is None where the store keeps no checksum of its own."""

    content_type: str
    sha256: str | None


@dataclass(frozen=True, kw_only=True)
class UnfinishedEntry(ObjectEntry):
    """What a put that has not ended has written so far. `modified` is when the put began, or last wrote.

    In a folder `key` is the name of a file, which no key can have. In a bucket it is the key of the object
    that would be made, and `upload_id` tells this upload from others of that key.
    """

    upload_id: str = ""


@runtime_checkable
class KeepsUnfinished(Protocol):
    """A store in which a put that a crash ended leaves something behind, and which can list it."""

    def unfinished(self) -> Iterator[UnfinishedEntry]:
        """What puts that have not ended have written so far, in no order."""

    def delete_unfinished(self, entry: UnfinishedEntry) -> None:
        """Remove it. If its put is still under way, the put fails. What is absent is no error."""


@runtime_checkable
class EndsInTime(Protocol):
    """A store whose small puts end by themselves, so that a write need not watch them from another thread."""

    def put_seconds(self, size: int) -> float | None:
        """The most seconds that a put of `size` bytes takes, whatever the server does. None: unknown."""


class Store(Protocol):
    """A place for objects, each a key, bytes and a content type.

    What every store guarantees:

    - A put is atomic: every reader sees its object whole or not at all, whatever crashes.
    - A put that returns has stored its object durably, and `get`, `head` and `list` see it at once.
    - `create=True` never overwrites. Of any number of concurrent creates of one key, one returns and the
      others raise AlreadyExists. Where an answer was lost, AlreadyExists can be about the caller's own write.
    - Keys are Unicode text in parts divided by '/'. A key that could lead elsewhere, or that differs between
      stores (see `keys.check_key`), raises InvalidKey before anything is done.
    - Every other failure is a StoreError that names the url; its `is_transient` says whether another try may
      succeed. No message holds a credential.
    - Every method may be called from many threads at once.
    """

    @property
    def url(self) -> str:
        """The url that names this store."""

    def url_of(self, key: str) -> str:
        """The url of an object here, whether it exists or not."""

    def put(self, key: str, body: Body, *, content_type: str, create: bool = False) -> PutReceipt:
        """Store `body` under `key` in place of any object there; with `create`, only if there is none.

        A server that can do so checks the body against a checksum and refuses a damaged one.
        A file or a stream is never held whole. If reading it raises, that error is passed on and nothing is
        stored. A put that fails uses up its stream too: another try needs a new one.
        """

    def get(self, key: str) -> bytes:
        """The object's bytes. Raises ObjectNotFound."""

    def open(self, key: str) -> Iterator[bytes]:
        """The object's bytes, chunk by chunk. Raises ObjectNotFound at once, StoreError while it is read."""

    def head(self, key: str) -> ObjectInfo:
        """The object without its bytes. Raises ObjectNotFound."""

    def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
        """The objects whose key begins with `prefix`, in the order of their keys' UTF-8 bytes."""

    def delete(self, key: str) -> None:
        """Remove the object. An absent object is no error."""
