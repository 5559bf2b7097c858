"""The one write that makes a request's result true.

The retry around it is ours and not the SDK's, because only who knows what a commit is can tell a refusal from
an acknowledgement that got lost: after "already exists" the object is read, and its attempt compared.
"""

from truss_outputs.backoff import Backoff
from truss_outputs.errors import AlreadyExists, ObjectNotFound, StoreError
from truss_outputs.keys import result_key
from truss_outputs.results.document import StoredResult
from truss_outputs.results.reader import OutputReader
from truss_outputs.store import Store


def commit(
    store: Store, request_id: str, document: bytes, backoff: Backoff, *, attempt: str
) -> StoredResult | None:
    """Store `document` as the request's result, unless it has one: then return that.

    Raises StoreError: with `is_transient` False if `document` was not stored and never will be, with True if
    its fate is unknown, so that it may yet appear.
    """
    key = result_key(request_id)
    reader = OutputReader(store)
    doubt: StoreError | None = None  # why a try of ours may have arrived, or may yet
    for _ in backoff.tries():
        try:
            store.put(key, document, content_type="application/json", create=True)
            return None
        except AlreadyExists as error:
            doubt = error
        except StoreError as error:
            if not error.is_transient:
                if doubt is None:
                    raise
                raise _of_unknown_fate(error) from error
            doubt = error
        try:
            standing = reader.load(request_id)
            return None if standing.truss_outputs.attempt == attempt else standing
        except ObjectNotFound:
            continue
        except StoreError as error:
            if isinstance(doubt, AlreadyExists):
                doubt = error
                if not error.is_transient:  # something stands there, and we may not see what
                    break
    assert doubt is not None  # noqa: S101  # there is always a first try
    raise _of_unknown_fate(doubt) from doubt


def _of_unknown_fate(error: StoreError) -> StoreError:
    return StoreError(error.url, f"{error.reason}; whether the result was stored is not known")
