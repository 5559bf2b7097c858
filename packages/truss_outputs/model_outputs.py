"""`ModelOutputs`, which stores a model's outputs with three lines in a Truss.

def __init__(self, config, secrets, **kwargs):
    self._outputs = ModelOutputs.from_truss(config, secrets, environment=kwargs.get("environment"))

def postprocess(self, output, request: starlette.requests.Request):
    return self._outputs.store(output, request)
"""

import functools
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any, Self

from truss_outputs.already_stored import AlreadyStored, check_calling_model, find
from truss_outputs.awaited_calls import AwaitedCalls, is_loop_running
from truss_outputs.destinations import Place, Places
from truss_outputs.errors import OutputError
from truss_outputs.failure_recorder import FailureRecorder
from truss_outputs.http_errors import http_error, status_of
from truss_outputs.request_id import HasHeaders, request_id_of
from truss_outputs.response import check_response, respond
from truss_outputs.settings.outputs import OutputSettings, Secrets
from truss_outputs.settings.secrets import KnownSecrets
from truss_outputs.settings.sections import FailureSettings, InputSettings, ResponseSettings
from truss_outputs.store import Store
from truss_outputs.stores.probe import require
from truss_outputs.telemetry.telemetry import Telemetry
from truss_outputs.telemetry.trace_context import traceparent_of

if TYPE_CHECKING:
    from truss_outputs.inputs.https_source import HttpsSource
    from truss_outputs.inputs.reference import InputStream

_log = logging.getLogger(__name__)


class ModelOutputs:
    """Stores what a model returns. Make one in a model's `__init__`; all its requests share it."""

    def __init__(
        self,
        places: Places,
        *,
        response: ResponseSettings | None = None,
        failures: FailureSettings | None = None,
        inputs: InputSettings | None = None,
        https: "HttpsSource | None" = None,
        skip_stored: bool = False,
        secrets: KnownSecrets | None = None,
        model_id: str = "",
        deployment_id: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._places = places
        self._response = response or ResponseSettings()
        self._failures = FailureRecorder(
            failures or FailureSettings(),
            model_id=model_id,
            deployment_id=deployment_id,
            secrets=secrets or KnownSecrets(),
            now=now,
        )
        self._inputs = inputs or InputSettings()
        self._https = https
        self._skip_stored = skip_stored
        self._telemetry = Telemetry(secrets or KnownSecrets())
        self._writes = AwaitedCalls("truss_outputs-awaited-write")
        self._brief_calls = AwaitedCalls("truss_outputs-awaited")  # which must not wait for writes
        if skip_stored:
            check_calling_model()
        check_response(self._response, places.place().store)

    @classmethod
    def of_store(cls, store: Store, **settings: Any) -> Self:
        """Make one for this store, with the defaults for all that `settings` does not name."""
        return cls(Places.of_store(store), **settings)

    @classmethod
    def from_truss(
        cls,
        config: Mapping[str, Any],
        secrets: Secrets,
        *,
        environment: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Make one from what Truss passes to a model's `__init__`. Raises SettingsError. Contacts no store.

        `environ` is this process's by default. In it Baseten sets the ids of the model and its deployment
        (docs.baseten.co/development/model/custom-server, "Runtime environment").
        """
        environ = os.environ if environ is None else environ
        settings = OutputSettings.from_config(config, environ)
        model_id, deployment_id = environ.get("BT_MODEL_ID", ""), environ.get("BT_MODEL_DEPLOYMENT_ID", "")
        places = Places.of_truss(
            settings, secrets, environment=environment, model_id=model_id, deployment_id=deployment_id
        )
        return cls(
            places,
            response=settings.response,
            failures=settings.failures,
            inputs=settings.inputs,
            skip_stored=settings.skip_stored,
            secrets=KnownSecrets.of_truss(config, secrets),
            model_id=model_id,
            deployment_id=deployment_id,
        )

    @classmethod
    def from_chainlet(cls, remote_config: Any, context: Any) -> Self:
        """From a chainlet's `remote_config` and `DeploymentContext`. Raises SettingsError.

        The settings stand in `options.metadata`, which becomes the chainlet's `model_metadata`.
        """
        config = {
            "model_metadata": remote_config.options.metadata or {},
            "secrets": remote_config.get_asset_spec().secrets,
        }
        environment = {"name": context.environment.name} if context.environment else None
        return cls.from_truss(config, context.secrets, environment=environment)

    def check(self) -> None:
        """Prove that results can be stored, by storing a probe. Call it in `load`.

        A model that cannot store its results then never becomes ready, and its log says why. Every
        destination is checked. Raises StoreError with the store's url and each missing permission,
        SettingsError where the settings give no place. A problem that only affects readers is logged.
        """
        for place in self._places.all():
            for problem in require(place.store):
                _log.warning("results can be stored, but not found by all: %s", problem)

    @contextmanager
    def input(self, reference: Any) -> "Iterator[InputStream]":
        """Open the large input that a part of the request's input refers to; use it in a `with`.

        The reference names an object of this model's store, or an https url of a host that the settings
        allow, see `inputs.reference`. Raises an HTTPException: 422 if the input may not be read, which is the
        caller's fault and not retried; 500, which fails the attempt, if it cannot be read this time.
        """
        # Imported here, so that a model without large inputs does not load an HTTP library.
        from truss_outputs.inputs.model_input import model_input

        store = self._places.place().store
        with model_input(reference, store=store, settings=self._inputs, https=self._https) as stream:
            yield stream

    def setup_environment(self, environment: Mapping[str, Any] | None) -> None:
        """Write to this environment from now on. Call it in the model's own `setup_environment`.

        Truss calls that before `load`, and when a promotion moves the running model to another environment.
        Raises SettingsError where the settings give no place for this environment.
        """
        self._places.enter(environment)

    def store(
        self, output: object, request: HasHeaders | None = None, *, destination: str | None = None
    ) -> Any:
        """Store `output` under the request's id, and return the answer for the caller and the webhook.

        Without `request`, the id is the one that Truss has for the current call, in a model or in a chainlet;
        within `chains.run_local()`, which has no id, it is a new one. `destination` is a name in the
        settings, so a request may choose it safely. If the output cannot be stored, this raises an
        HTTPException, whose reason Truss passes on to the caller; of any other error it hides the reason. Its
        status is 422, which is not tried again, if the output or the id is refused, and 500 if the store is
        at fault. On a running event loop `astore` does the same without blocking the loop.
        """
        if is_loop_running():
            _warn_of_blocked_loop()
        return self._store(output, request, destination)

    async def astore(
        self, output: object, request: HasHeaders | None = None, *, destination: str | None = None
    ) -> Any:
        """Do what `store` does while the event loop goes on, for hooks and chainlets that are async.

        If this is cancelled, nothing more is stored, what was put is deleted in the background, and no result
        exists; or a true one, if its commit was on its way already.
        """
        cancelled = Event()
        try:
            return await self._writes.call(lambda: self._store(output, request, destination, cancelled))
        finally:
            cancelled.set()

    def _store(
        self,
        output: object,
        request: HasHeaders | None,
        destination: str | None,
        cancelled: Event | None = None,
    ) -> Any:
        if isinstance(output, AlreadyStored):
            return output.answer
        try:
            with self._telemetry.storing(request) as storing:
                place = self._place(destination)
                storing.request_id = request_id = request_id_of(request)
                committed = place.writer.commit(output, request_id, observer=storing, cancelled=cancelled)
            return respond(committed, self._response, place.store)
        except OutputError as error:
            raise http_error(status_of(error), error) from error

    def _place(self, destination: str | None) -> Place:
        try:
            return self._places.place(destination)
        except OutputError as error:  # a destination is the request's own choice, so its fault
            raise http_error(500 if destination is None else 422, error) from error

    def find_stored(self, request: HasHeaders | None = None) -> AlreadyStored | None:
        """Look for the result of an earlier attempt at this request, if the setting `skip_stored` says so.

        None without one: then the model has to run. The same goes for a call without a request id, and where
        the store cannot say: this raises nothing, and waits for a tenth of a write's time at most. Only the
        default place is looked at, no named destination.
        """
        if not self._skip_stored:
            return None
        return find(self._places.place, request, self._response, self._telemetry)

    async def afind_stored(self, request: HasHeaders | None = None) -> AlreadyStored | None:
        """Do what `find_stored` does while the event loop goes on."""
        return await self._brief_calls.call(lambda: self.find_stored(request)) if self._skip_stored else None

    def store_failure(
        self, error: BaseException, request: HasHeaders | None = None, *, destination: str | None = None
    ) -> str | None:
        """Store an error record of an attempt that ended with `error`, and return its url.

        It contains no secret, and never prevents a later attempt's success. This method raises nothing, so
        that nothing hides `error`: if the record cannot be stored, that is logged and None returned.
        """
        return self._failures.record(
            error,
            request,
            lambda: self._places.place(destination).store,
            traceparent=traceparent_of(request),
        )

    async def astore_failure(
        self, error: BaseException, request: HasHeaders | None = None, *, destination: str | None = None
    ) -> str | None:
        """Do what `store_failure` does while the event loop goes on."""
        return await self._brief_calls.call(
            lambda: self.store_failure(error, request, destination=destination)
        )


@functools.cache
def _warn_of_blocked_loop() -> None:
    """Say it once in a process: it is about the model's code, not about a request."""
    _log.warning(
        "store() was called on a running event loop, which serves nobody else until the result is stored: "
        "write `await outputs.astore(...)` instead"
    )
