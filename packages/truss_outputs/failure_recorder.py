"""Stores error records, without ever hiding the failure that they are about."""

import logging
from collections.abc import Callable
from datetime import datetime

from truss_outputs.backoff import Backoff
from truss_outputs.daemon_threads import DaemonThreads
from truss_outputs.deadline import Deadline, DeadlinePassed, within
from truss_outputs.errors import StoreError
from truss_outputs.request_id import HasHeaders, request_id_of
from truss_outputs.results.failures import StoredFailure, failure_key, failure_of
from truss_outputs.settings.secrets import KnownSecrets
from truss_outputs.settings.sections import FailureSettings
from truss_outputs.store import Store

_log = logging.getLogger(__name__)

# Our choice: a record is worth a little time, but the failure must not wait long for it.
_BUDGET_SECONDS = 2.0


class FailureRecorder:
    """Stores the error records of one model's failed attempts. Safe to share between threads."""

    def __init__(
        self,
        settings: FailureSettings,
        *,
        model_id: str,
        deployment_id: str,
        secrets: KnownSecrets,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._model_id = model_id
        self._deployment_id = deployment_id
        self._secrets = secrets
        self._now = now
        self._threads = DaemonThreads("truss_outputs-failure")

    def record(
        self,
        error: BaseException,
        request: HasHeaders | None,
        store: Callable[[], Store],
        *,
        traceparent: str | None = None,
    ) -> str | None:
        """Store a record of `error` and return its url; None without one, which is logged. Raises nothing."""
        if not self._settings.store:
            return None
        try:
            failure = failure_of(
                error,
                request_id_of(request),
                time=self._now(),
                model_id=self._model_id,
                deployment_id=self._deployment_id,
                secrets=self._secrets.values(),
                with_traceback=self._settings.traceback,
                traceparent=traceparent,
            )
            url = self._put(failure, store())
        except Exception as trouble:  # whatever it is, the attempt's own failure matters more
            _log.warning("no error record of a failed attempt: %s", trouble)
            return None
        _log.info("recorded a failed attempt: %s", url)
        return url

    def _put(self, failure: StoredFailure, store: Store) -> str:
        key = failure_key(failure.request_id, failure.truss_outputs.attempt)
        body = failure.model_dump_json().encode()
        deadline = Deadline(_BUDGET_SECONDS)

        def put() -> None:
            with within(deadline):
                Backoff().call(lambda: store.put(key, body, content_type="application/json"))

        try:
            self._threads.call(put, deadline)
        except DeadlinePassed:
            raise StoreError(store.url_of(key), "no answer came in time") from None
        return store.url_of(key)
