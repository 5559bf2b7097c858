"""What lies in a store and belongs to no result: what a crash, a lost race or a failed attempt left behind.

- Only objects at a place this package writes to are looked at. Anything else in the bucket is left alone.
- Nothing of the attempt that won is ever among them, nor anything of a request whose `result.json` cannot be
  read.
- An attempt is judged as a whole and by its newest object, so that one which is still being written, however
  slowly, is young.
- An error record goes only when its request has a result after all.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from truss_outputs.errors import CorruptResult, ObjectNotFound
from truss_outputs.results import failures
from truss_outputs.results.reader import OutputReader
from truss_outputs.store import ObjectEntry, Store
from truss_outputs.stores import probe

_REQUEST = re.compile(r"[A-Za-z0-9_-]{1,128}")
_ATTEMPT = re.compile(r"[0-9a-f]{32}")  # as the writer makes them

# A folder that could be a request's by its name, but is where inputs are uploaded to.
_NO_REQUEST = frozenset({"inputs"})


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """An object that no result names, and why it is thought to be of no use."""

    entry: ObjectEntry
    reason: str


@dataclass(frozen=True, kw_only=True)
class Suspects:
    """What is old enough in the folder of one request: attempts by name, and error records."""

    request_id: str
    attempts: dict[str, tuple[ObjectEntry, ...]]
    errors: tuple[ObjectEntry, ...]


def suspects(entries: Iterable[ObjectEntry], *, before: datetime) -> Iterator[Suspects]:
    """What may be orphaned of a listing in the order of its keys, one request after another."""
    for request_id, listed in groupby(entries, key=lambda entry: entry.key.partition("/")[0]):
        if not _REQUEST.fullmatch(request_id) or request_id in _NO_REQUEST:
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
    """Those that are of no use; `winner` is the attempt whose result stands, None without a result."""
    reason = "no result was stored" if winner is None else "another attempt won"
    for attempt, objects in found.attempts.items():
        if attempt != winner:
            for entry in objects:
                yield Orphan(entry=entry, reason=reason)
    if winner is not None:
        for entry in found.errors:
            yield Orphan(entry=entry, reason="a later attempt won")


def orphans(store: Store, *, before: datetime) -> Iterator[Orphan]:
    """All in this store that were last written before this time. Nothing is deleted. Raises StoreError.

    Each request's result is looked for only now, whatever the listing said, so that one that was committed
    meanwhile counts.
    """
    reader = OutputReader(store)
    for found in suspects(store.list(), before=before):
        try:
            winner: str | None = reader.load(found.request_id).truss_outputs.attempt
        except ObjectNotFound:
            winner = None
        except CorruptResult:  # it may name anything
            continue
        yield from orphans_of(found, winner)
    for entry in store.list(f"{probe.FOLDER}/"):
        if entry.modified < before:
            yield Orphan(entry=entry, reason="a check was interrupted")
