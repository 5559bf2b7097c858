"""Tests whether a store can hold results, by writing to it.

One small object is created, created again (which must be refused), looked up, read, listed and deleted. Its
key begins with a folder that no request id can name, so nothing can take it for a result.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from truss_outputs.backoff import Backoff
from truss_outputs.errors import AlreadyExists, CorruptResult, ObjectNotFound, StoreError
from truss_outputs.store import Store

FOLDER = "truss-outputs.probe"

_BODY = b"Written by truss_outputs to see whether it may. It can be deleted.\n"


@dataclass(frozen=True, kw_only=True)
class ProbeStep:
    """One ability of a store, tested. `problem` is None if the test succeeded.

    A store that fails a step which is not `is_needed` can hold results; `problem` says what fails there.
    """

    name: str
    is_needed: bool
    problem: str | None = None


def probe(store: Store, *, backoff: Backoff | None = None) -> Iterator[ProbeStep]:
    """Yield each step when it is done. If the first one fails, no other is tried."""
    tries = backoff or Backoff(budget=10.0)
    key = f"{FOLDER}/{uuid.uuid4().hex}"
    put = _step("put", lambda: tries.call(lambda: _create(store, key)))
    yield put
    if put.problem:
        return
    yield _step("create", lambda: tries.call(lambda: _create_again(store, key)))
    yield _step("get", lambda: tries.call(lambda: _read(store, key)))
    listed = _step("list", lambda: tries.call(lambda: _list(store, key)), is_needed=False)
    deleted = _step("delete", lambda: tries.call(lambda: store.delete(key)))
    if not (listed.problem or deleted.problem):
        listed = _step("list", lambda: tries.call(lambda: _look_for_nothing(store, key)), is_needed=False)
    yield listed
    yield deleted


def require(store: Store, *, backoff: Backoff | None = None) -> list[str]:
    """Raise StoreError naming every needed step that failed. Return the failures of the others."""
    steps = [step for step in probe(store, backoff=backoff) if step.problem]
    needed = [f"cannot {step.name}: {step.problem}" for step in steps if step.is_needed]
    if needed:
        raise StoreError(store.url, "; ".join(needed), is_transient=False)
    return [f"{store.url}: cannot {step.name}: {step.problem}" for step in steps]


def _step(name: str, action: Callable[[], None], *, is_needed: bool = True) -> ProbeStep:
    try:
        action()
    except StoreError as error:
        return ProbeStep(name=name, is_needed=is_needed, problem=error.reason.removeprefix(f"{name}: "))
    except CorruptResult as error:
        return ProbeStep(name=name, is_needed=is_needed, problem=error.problem)
    return ProbeStep(name=name, is_needed=is_needed)


def _create(store: Store, key: str) -> None:
    try:
        store.put(key, _BODY, content_type="text/plain", create=True)
    except AlreadyExists:  # nobody else has this name: it is our own write, whose answer was lost
        return


def _create_again(store: Store, key: str) -> None:
    try:
        store.put(key, _BODY, content_type="text/plain", create=True)
    except AlreadyExists:
        return
    raise CorruptResult(
        store.url_of(key),
        "an object was written over that only a first write may make, so that two attempts could both "
        "store a result; this server does not honour conditional writes (If-None-Match)",
    )


def _read(store: Store, key: str) -> None:
    size, body = store.head(key).size, store.get(key)
    if size != len(_BODY) or body != _BODY:
        raise CorruptResult(store.url_of(key), "other bytes came back than were written")


def _list(store: Store, key: str) -> None:
    if key not in [entry.key for entry in store.list(key)]:
        raise CorruptResult(store.url_of(key), "an object that is there is not listed")


def _look_for_nothing(store: Store, key: str) -> None:
    try:
        store.get(key)
    except ObjectNotFound:
        return
    except StoreError as error:
        raise StoreError(
            error.url,
            f"for an object that is not there it answers {error.reason!r}, so that nobody can wait for a "
            "result; on S3 this is s3:ListBucket missing",
            is_transient=error.is_transient,
        ) from error
    raise CorruptResult(store.url_of(key), "an object that was deleted is still there")
