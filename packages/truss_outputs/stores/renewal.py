"""A bucket whose keys rotate while the model runs.

A client is made once, and keeps the key that it was made with. When the service refuses that key, the store
is opened anew: from the secrets, variables and files as they are at that moment.
"""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import TypeVar, cast

from truss_outputs.errors import CredentialsRefused, OutputError
from truss_outputs.store import Body, EndsInTime, ObjectEntry, ObjectInfo, PutReceipt, Store
from truss_outputs.stores.bucket_urls import BucketUrls
from truss_outputs.stores.presigning import Presigner

T = TypeVar("T")

_log = logging.getLogger(__name__)

# A key that stays wrong must not cost a new client, some 50 ms of a core, for every request. Our choice.
_SECONDS_BETWEEN = 5.0

# A refusal comes at once. One that took longer is not asked again here, so that a put has an end in sight.
_PROMPT_SECONDS = 2.0


def renewed_when_refused(open: Callable[[], Store]) -> Store:
    """Return the store that `open` opens; a bucket's is opened again when its key is refused."""
    store = open()
    return RenewedStore(store, open) if isinstance(store, BucketUrls) else store


class RenewedStore:
    """A `Store` in a bucket. What was refused is asked once more, with the new key.

    Only a stream is not: it has been read by then, so its put fails, and the next attempt finds the new key.
    """

    def __init__(
        self, store: Store, open: Callable[[], Store], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._open = open
        self._clock = clock
        self._renewed_at = float("-inf")
        self._lock = Lock()

    @property
    def url(self) -> str:
        """The url that names this store."""
        return self._store.url

    def url_of(self, key: str) -> str:
        """The url of an object here, whether it exists or not."""
        return self._store.url_of(key)

    def put(self, key: str, body: Body, *, content_type: str, create: bool = False) -> PutReceipt:
        """Store `body` under `key`; see `Store.put`."""
        return self._ask(
            lambda store: store.put(key, body, content_type=content_type, create=create),
            may_repeat=isinstance(body, bytes | Path),
        )

    def put_seconds(self, size: int) -> float | None:
        """The most seconds that a put takes, with its second try under another key; see `EndsInTime`."""
        seconds = cast("EndsInTime", self._store).put_seconds(size)
        return None if seconds is None else _PROMPT_SECONDS + seconds

    def get(self, key: str) -> bytes:
        """The object's bytes; see `Store.get`."""
        return self._ask(lambda store: store.get(key))

    def open(self, key: str) -> Iterator[bytes]:
        """The object's bytes, chunk by chunk; see `Store.open`."""
        return self._ask(lambda store: store.open(key))

    def head(self, key: str) -> ObjectInfo:
        """The object without its bytes; see `Store.head`."""
        return self._ask(lambda store: store.head(key))

    def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
        """The objects whose key begins with `prefix`; see `Store.list`. With the key that was good last."""
        return self._store.list(prefix)

    def delete(self, key: str) -> None:
        """Remove the object; see `Store.delete`."""
        self._ask(lambda store: store.delete(key))

    def presign_problem(self, seconds: int) -> str | None:
        """Why no url can be signed for `seconds`; see `Presigner`."""
        return cast("Presigner", self._store).presign_problem(seconds)

    def presign(self, key: str, seconds: int) -> str:
        """A url by which anybody may read the object; see `Presigner`."""
        return cast("Presigner", self._store).presign(key, seconds)

    def _ask(self, ask: Callable[[Store], T], *, may_repeat: bool = True) -> T:
        store = self._store
        started = self._clock()
        try:
            return ask(store)
        except CredentialsRefused:
            is_prompt = self._clock() - started < _PROMPT_SECONDS
            renewed = self._renewed(store)
            if renewed is None or not may_repeat or not is_prompt:
                raise
        return ask(renewed)

    def _renewed(self, refused: Store) -> Store | None:
        """Return the store with another key than `refused` has; None if it was opened a moment ago."""
        with self._lock:
            if self._store is not refused:  # another thread was refused too
                return self._store
            now = self._clock()
            if now - self._renewed_at < _SECONDS_BETWEEN:
                return None
            self._renewed_at = now
            try:
                self._store = self._open()
            except OutputError as error:
                _log.warning("the key of %s was refused, and there is no other: %s", refused.url, error)
                return None
            _log.warning("opened %s anew, as its key was refused", refused.url)
            return self._store
