"""The places a model writes to: which one now, and its store, opened once and then kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Self

from truss_outputs.results.signing import signing
from truss_outputs.results.writer import OutputWriter
from truss_outputs.settings.outputs import OutputSettings, Secrets
from truss_outputs.settings.secrets import secret
from truss_outputs.store import Store


@dataclass(frozen=True, kw_only=True)
class Place:
    """A store, and what writes results into it."""

    store: Store
    writer: OutputWriter


class Places:
    """Where the next write goes, by the environment the model is in and the destination a request names.

    A promotion without a redeploy changes the environment while the model runs: what is being written stays
    where it is, the next write goes to the new place. Safe to share between threads.
    """

    def __init__(
        self,
        url_of: Callable[[str | None, str | None], str],
        open_place: Callable[[str, str | None], Place],
        *,
        environment: Mapping[str, Any] | None = None,
        destinations: Iterable[str] = (),
    ) -> None:
        """`url_of` takes environment and destination, `open_place` the url of it and the destination."""
        self._destinations = tuple(destinations)
        self._url_of = url_of
        self._open_place = open_place
        self._environment = _name(environment)
        self._open: dict[tuple[str, str | None], Place] = {}
        self._lock = Lock()

    @classmethod
    def of_store(cls, store: Store) -> Self:
        """The one place that this store is."""
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
        """Those that the settings of a Truss describe."""

        def url_of(environment: str | None, destination: str | None) -> str:
            return settings.url_for(
                environment=environment,
                destination=destination,
                model_id=model_id,
                deployment_id=deployment_id,
            )

        def open_place(url: str, destination: str | None) -> Place:
            store = settings.open_store(secrets, url=url)
            if settings.signature is not None:
                name = settings.signature.secret
                secret(secrets, "signature", name)  # that it is missing is said at the start
                store = signing(store, lambda: secret(secrets, "signature", name).get_secret_value())
            writer = OutputWriter(
                store, model_id=model_id, deployment_id=deployment_id, images=settings.images
            )
            return Place(store=store, writer=writer)

        return cls(url_of, open_place, environment=environment, destinations=settings.destinations)

    @property
    def environment(self) -> str | None:
        """The name of the environment the model is in, None where it is in none."""
        return self._environment

    def enter(self, environment: Mapping[str, Any] | None) -> None:
        """Go on in this environment, as Truss describes it: `{"name": "production"}`, or None."""
        self._environment = _name(environment)
        self._url_of(self._environment, None)  # raises now what the next write would

    def all(self) -> Iterator[Place]:
        """Wherever a write may go in this environment, by default or to a named destination."""
        for destination in (None, *self._destinations):
            yield self.place(destination)

    def place(self, destination: str | None = None) -> Place:
        """Where the next write goes. Raises SettingsError for a destination that the settings do not name."""
        url = self._url_of(self._environment, destination)
        with self._lock:
            found = self._open.get((url, destination))
            if found is None:
                found = self._open[url, destination] = self._open_place(url, destination)
            return found


def _name(environment: Mapping[str, Any] | None) -> str | None:
    return str(environment["name"]) if environment and environment.get("name") else None
