"""The places a model writes to: the current one, and a store for each, opened once and kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Self

from truss_outputs.backoff import Backoff
from truss_outputs.results.writer import OutputWriter
from truss_outputs.settings.outputs import OutputSettings, Secrets
from truss_outputs.settings.secrets import secret
from truss_outputs.store import Store
from truss_outputs.stores.renewal import renewed_when_refused


@dataclass(frozen=True, kw_only=True)
class Place:
    """A store, and the writer that puts results into it."""

    store: Store
    writer: OutputWriter


class Places:
    """The place of each write, by the model's environment and the destination that a request names.

    A promotion without a redeploy changes the environment while the model runs: a write that has begun ends
    where it began, the next one goes to the new place. Safe to share between threads.
    """

    def __init__(
        self,
        url_of: Callable[[str | None, str | None], str],
        open_place: Callable[[str, str | None], Place],
        *,
        environment: Mapping[str, Any] | None = None,
        destinations: Iterable[str] = (),
    ) -> None:
        """`url_of` takes environment and destination, `open_place` the resulting url and the destination."""
        self._destinations = tuple(destinations)
        self._url_of = url_of
        self._open_place = open_place
        self._environment = _name(environment)
        self._open: dict[tuple[str, str | None], Place] = {}
        self._lock = Lock()

    @classmethod
    def of_store(cls, store: Store) -> Self:
        """This store as the only place, with every setting by default."""
        place = Place(store=store, writer=OutputWriter(store))
        return cls(lambda environment, destination: store.url, lambda url, destination: place)

    @classmethod
    def of_truss(
        cls,
        settings: OutputSettings,
        secrets: Secrets,
        *,
        environment: Mapping[str, Any] | None,
        model_id: str,
        deployment_id: str,
    ) -> Self:
        """The places that the settings of a Truss describe."""

        def url_of(environment: str | None, destination: str | None) -> str:
            return settings.url_for(
                environment=environment,
                destination=destination,
                model_id=model_id,
                deployment_id=deployment_id,
            )

        signing_secret = _signing_secret(settings, secrets)

        def open_place(url: str, destination: str | None) -> Place:
            store = renewed_when_refused(lambda: settings.open_store(secrets, url=url))
            if signing_secret is not None:
                signing_secret()  # raises now, at the start, if the secret is missing
            writer = OutputWriter(
                store,
                model_id=model_id,
                deployment_id=deployment_id,
                images=settings.images,
                signing_secret=signing_secret,
                backoff=Backoff(budget=settings.write_timeout_seconds),
            )
            return Place(store=store, writer=writer)

        return cls(url_of, open_place, environment=environment, destinations=settings.destinations)

    @property
    def environment(self) -> str | None:
        """The name of the model's environment, None if it has none."""
        return self._environment

    def enter(self, environment: Mapping[str, Any] | None) -> None:
        """Write to this environment from now on: `{"name": "production"}` as Truss describes it, or None."""
        self._environment = _name(environment)
        self._url_of(self._environment, None)  # raises now, rather than at the next write

    def all(self) -> Iterator[Place]:
        """Yield every place in this environment: the default one, and each named destination."""
        for destination in (None, *self._destinations):
            yield self.place(destination)

    def place(self, destination: str | None = None) -> Place:
        """Return the place of the next write. Raises SettingsError for a destination not in the settings."""
        url = self._url_of(self._environment, destination)
        with self._lock:
            found = self._open.get((url, destination))
            if found is None:
                found = self._open[url, destination] = self._open_place(url, destination)
            return found


def _signing_secret(settings: OutputSettings, secrets: Secrets) -> Callable[[], str] | None:
    """Look the secret up anew for each result, so that a rotated one signs the next."""
    if settings.signature is None:
        return None
    name = settings.signature.secret
    return lambda: secret(secrets, "signature", name).get_secret_value()


def _name(environment: Mapping[str, Any] | None) -> str | None:
    return str(environment["name"]) if environment and environment.get("name") else None
