"""The one write that makes a request's result true.

The SDK's own retry cannot do this. After a lost acknowledgement, a second create-only put is refused with
"already exists", although the first one succeeded. So after a refusal the stored result is read, and its
attempt compared with ours.
"""

from truss_outputs.backoff import Backoff, tried
from truss_outputs.daemon_threads import DaemonThreads
from truss_outputs.deadline import Deadline, within
from truss_outputs.errors import AlreadyExists, ObjectNotFound, StoreError
from truss_outputs.keys import result_key
from truss_outputs.results.document import StoredResult
from truss_outputs.results.reader import OutputReader
from truss_outputs.store import Store

UNDECIDED = "whether the result was stored is not known"


def commit(
    store: Store,
    request_id: str,
    document: bytes,
    *,
    attempt: str,
    backoff: Backoff,
    deadline: Deadline,
    threads: DaemonThreads,
    put_seconds: float | None,
) -> StoredResult | None:
    """Store `document` as the request's result and return None; if the request has a result, return that.

    `put_seconds` is what `EndsInTime` says of a put of `document`; None if the store may take for ever.
    Raises DeadlinePassed where the store has not answered by then: whether it stored `document` is not known.
    Raises StoreError: with `is_transient` False if `document` was not stored and never will be, with True if
    that is unknown, so that it may yet appear. Raises CorruptResult if the stored result is invalid.
    """
    key = result_key(request_id)
    reader = OutputReader(store)
    number = 0
    doubt: StoreError | None = None  # why an earlier put may have arrived, or may yet arrive

    def put() -> None:
        store.put(key, document, content_type="application/json", create=True)

    with within(deadline):
        for number in backoff.tries():  # noqa: B007  # it is read at the end
            try:
                threads.call(put, deadline, at_most=put_seconds)
                return None
            except AlreadyExists as error:
                doubt = error
            except StoreError as error:
                if not error.is_transient:
                    if doubt is None:
                        raise
                    raise _undecided(error) from error
                doubt = error
                deadline.last_answer = error.reason
            try:
                standing = threads.call(lambda: reader.load(request_id), deadline)
                return None if standing.truss_outputs.attempt == attempt else standing
            except ObjectNotFound:
                continue
            except StoreError as error:
                if isinstance(doubt, AlreadyExists):
                    doubt = error
                    if not error.is_transient:  # an object exists, and we are not allowed to read it
                        break
    assert doubt is not None  # noqa: S101  # there is always a first try
    raise _undecided(doubt, f"; {tried(number, deadline)}") from doubt


def _undecided(error: StoreError, effort: str = "") -> StoreError:
    return StoreError(error.url, f"{error.reason}{effort}; {UNDECIDED}")
