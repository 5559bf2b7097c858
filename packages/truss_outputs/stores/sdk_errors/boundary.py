"""The boundary between a store and its SDK: whatever the SDK raises leaves as a StoreError.

An exception of an SDK may hold the signed request that failed, and its traceback shows the variables of every
frame. So the StoreError keeps none of it, neither as its cause nor as its context.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, TypeAlias

from truss_outputs.backoff import Backoff
from truss_outputs.errors import AlreadyExists, ObjectNotFound, OutputError, StoreError
from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.stores.transfer import Passing, Retry

Translation: TypeAlias = Callable[[Exception, str], StoreError | None]
"""Takes the SDK's exception and the object's url. Returns None for an exception that is none of the SDK's."""


class HasUrls(Protocol):
    """The part of a store that is used here."""

    def url_of(self, key: str) -> str:
        """The url of an object here, whether it exists or not."""


class Boundary:
    """A block in which an SDK works on the object at `key`. `operation` is the `Store`'s method.

    The exception of the producer of `passing`, a body that the SDK reads, is passed on as it is.
    """

    def __init__(
        self,
        store: HasUrls,
        operation: str,
        key: str,
        translation: Translation,
        passing: Passing | None = None,
    ) -> None:
        self._url = store.url_of(key)
        self._operation = operation
        self._translation = translation
        self._passing = passing

    def __enter__(self) -> None:
        """Nothing is prepared."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Raise the StoreError. Its traceback begins here, so no frame of the SDK is in it."""
        if not isinstance(error, Exception) or isinstance(error, (OutputError, MemoryError)):
            return
        produced = self._passing.error if self._passing else None
        if error is produced:
            return
        failure: Exception = produced or self._failure(error)
        del error, traceback, produced  # what reports a crash with the variables of its frames finds none
        raise_alone(failure)

    def _failure(self, error: Exception) -> StoreError:
        known = self._translation(error, self._url)
        if known is None:
            reason = f"{type(error).__name__}: this is no answer of the service; is the endpoint right?"
            known = StoreError(self._url, reason)
        if isinstance(known, (AlreadyExists, ObjectNotFound)):
            return known
        reason = f"{self._operation}: {known.reason}"
        return type(known)(known.url, reason, is_transient=known.is_transient)


def retried(boundary: Callable[[], Boundary]) -> Retry:
    """Return the calls of an SDK inside a boundary, each made again after a failure that may pass."""

    def call(operation: Callable[[], Any]) -> Any:
        def translated() -> Any:
            with boundary():
                return operation()

        return Backoff().call(translated)

    return call
