"""Orphans: objects that belong to no result, left behind by a crash, a lost race or a failed attempt.

- Only objects with a key that this package writes count. Every other object in the bucket is left alone.
- No object of the attempt that won is an orphan, nor any object of a request whose `result.json` cannot be
  read.
- An attempt's age is that of its newest object, so that an attempt that is still being written, however
  slowly, is young.
- What a crash left in the midst of a put, where the store can list such things, is an orphan: a file, or a
  multipart upload of an artifact that is still open. Its age is that of its newest part.
- An error record is an orphan only when its request has a result.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from truss_outputs.errors import CorruptResult, ObjectNotFound
from truss_outputs.keys import NO_REQUESTS
from truss_outputs.results import failures
from truss_outputs.results.reader import OutputReader
from truss_outputs.store import KeepsUnfinished, ObjectEntry, Store, UnfinishedEntry
from truss_outputs.stores import probe

_REQUEST = re.compile(r"[A-Za-z0-9_-]{1,128}")
_ATTEMPT = re.compile(r"[0-9a-f]{32}")  # as the writer names them


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """An object that no result names, and the reason why it is of no use."""

    entry: ObjectEntry
    reason: str


@dataclass(frozen=True, kw_only=True)
class Suspects:
    """The objects in one request's folder that are old enough: by attempt, and error records."""

    request_id: str
    attempts: dict[str, tuple[ObjectEntry, ...]]
    errors: tuple[ObjectEntry, ...]


def suspects(entries: Iterable[ObjectEntry], *, before: datetime) -> Iterator[Suspects]:
    """Yield the possible orphans of each request, from a listing in the order of its keys."""
    for request_id, listed in groupby(entries, key=lambda entry: entry.key.partition("/")[0]):
        if not _REQUEST.fullmatch(request_id) or request_id in NO_REQUESTS:
            continue
        attempts: dict[str, list[ObjectEntry]] = {}
        errors = []
        for entry in listed:
            folder, _, name = entry.key.removeprefix(f"{request_id}/").partition("/")
            if not name or "/" in name:
                continue
            if _ATTEMPT.fullmatch(folder):
                attempts.setdefault(folder, []).append(entry)
            elif folder == failures.FOLDER and entry.modified < before:
                errors.append(entry)
        old = {
            attempt: tuple(objects)
            for attempt, objects in attempts.items()
            if all(each.modified < before for each in objects)
        }
        if old or errors:
            yield Suspects(request_id=request_id, attempts=old, errors=tuple(errors))


def orphans_of(found: Suspects, winner: str | None) -> Iterator[Orphan]:
    """Yield the orphans among them; `winner` is the attempt that won, None without a result."""
    reason = "no result was stored" if winner is None else "another attempt won"
    for attempt, objects in found.attempts.items():
        if attempt != winner:
            for entry in objects:
                yield Orphan(entry=entry, reason=reason)
    if winner is not None:
        for entry in found.errors:
            yield Orphan(entry=entry, reason="a later attempt won")


def orphans(store: Store, *, before: datetime) -> Iterator[Orphan]:
    """Yield every orphan in this store last written before this time. Deletes nothing. Raises StoreError.

    Each request's result is read after the listing, so that a result committed in between counts.
    """
    reader = OutputReader(store)
    for found in suspects(store.list(), before=before):
        try:
            winner: str | None = reader.load(found.request_id).truss_outputs.attempt
        except ObjectNotFound:
            winner = None
        except CorruptResult:  # it may name any of them
            continue
        yield from orphans_of(found, winner)
    for entry in store.list(f"{probe.FOLDER}/"):
        if entry.modified < before:
            yield Orphan(entry=entry, reason="a check was interrupted")
    if isinstance(store, KeepsUnfinished):
        for unfinished in store.unfinished():
            if unfinished.modified < before and _is_ours(unfinished):
                yield Orphan(entry=unfinished, reason="a write was interrupted")


def _is_ours(unfinished: UnfinishedEntry) -> bool:
    """Whether it is of this package. Other programs too may upload in parts, to the same bucket."""
    if not unfinished.upload_id:  # a file's name says it
        return True
    request_id, _, rest = unfinished.key.partition("/")
    attempt, _, name = rest.partition("/")
    is_artifact = _ATTEMPT.fullmatch(attempt) is not None and name != "" and "/" not in name
    return is_artifact and request_id not in NO_REQUESTS and _REQUEST.fullmatch(request_id) is not None


def delete(store: Store, orphan: Orphan) -> None:
    """Delete an orphan that was found in this store. Raises StoreError."""
    if isinstance(orphan.entry, UnfinishedEntry) and isinstance(store, KeepsUnfinished):
        store.delete_unfinished(orphan.entry)
    else:
        store.delete(orphan.entry.key)
