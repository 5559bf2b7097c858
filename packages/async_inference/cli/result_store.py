"""The store in which a command looks for results."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from async_inference.cli.truss_config import read_truss_config

if TYPE_CHECKING:
    from async_inference.cli.service import Service
    from truss_outputs.results.reader import OutputReader
    from truss_outputs.settings.outputs import OutputSettings
    from truss_outputs.store import Store

_ANOTHER = "another"  # a probe: no placeholder has this value by default
_SECRET = "TRUSS_SECRET_"  # noqa: S105  # the start of a variable's name


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The store at `url`, or else the Truss's own. The Truss's other settings apply to both."""

    url: str | None
    truss_dir: Path
    destination: str | None = None
    environment: str | None = None
    model_id: str | None = None
    deployment_id: str | None = None

    def of(self, service: "Service") -> Self:
        """Return these outputs with the environment and the ids of the service that is called.

        Environments exist on Baseten only, and a development deployment is in none.
        """
        is_on_baseten = service.model_id is not None or service.chain_id is not None
        has_environment = is_on_baseten and service.environment != "development"
        return replace(
            self,
            environment=service.environment if has_environment else None,
            model_id=service.model_id,
            deployment_id=service.deployment_id,
        )

    def result_url(self, request_id: str) -> str | None:
        """Return the URL of the request's result, or None if neither a URL nor a Truss names a store.

        Neither calls the store nor imports its SDK.
        """
        settings = self.settings()
        if settings is None:
            return None
        from truss_outputs.keys import result_key

        return f"{self._url(settings).rstrip('/')}/{result_key(request_id)}"

    def reader(self) -> "OutputReader":
        """Open a reader of the store, with the user's own access instead of the model's."""
        from truss_outputs.results.reader import OutputReader

        return OutputReader(self.store())

    def store(self, *, prefers_sdk: bool = False) -> "Store":
        """Open the store, with the user's own access instead of the model's.

        With `prefers_sdk`, `engine: auto` is the SDK where it is installed: it can do more than obstore.
        """
        settings = self.settings()
        if settings is None:
            raise click.UsageError(
                "no store to look in: give --outputs URL, or --truss-dir with a Truss whose config.yaml "
                "has model_metadata.truss_outputs.url"
            )
        url = self._url(settings)
        if prefers_sdk and settings.engine == "auto" and _has_sdk(url):
            settings = settings.model_copy(update={"engine": "sdk"})
        return open_as_caller(settings, url=url)

    def settings(self) -> "OutputSettings | None":
        """Return the settings, or None if neither a URL nor a Truss names a store."""
        from truss_outputs.settings.outputs import URL_VARIABLE, OutputSettings

        config = read_truss_config(self.truss_dir) or {}
        if not self.url and not (config.get("model_metadata") or {}).get("truss_outputs"):
            return None
        override = {URL_VARIABLE: self.url} if self.url else {}
        return OutputSettings.from_config(config, {**os.environ, **override})

    def _url(self, settings: "OutputSettings") -> str:
        """The url for the known ids; raises UsageError if it depends on an id that is not known.

        A guess would lead to a place without the result.
        """
        known = {"model_id": self.model_id, "deployment_id": self.deployment_id}
        url = settings.url_for(environment=self.environment, destination=self.destination, **known)
        for name, value in known.items():
            other = {**known, name: _ANOTHER}
            if value is None and url != settings.url_for(
                environment=self.environment, destination=self.destination, **other
            ):
                raise click.UsageError(
                    f"the url of the results has {{{name}}} in it: give --{name.replace('_', '-')}"
                )
        return url


def _has_sdk(url: str) -> bool:
    """Whether the SDK is installed whose name is that of its module, as boto3's is."""
    from truss_outputs.stores.url import StoreUrl

    sdk = StoreUrl.parse(url).scheme.sdk
    return bool(sdk) and find_spec(sdk) is not None


def open_as_caller(settings: "OutputSettings", *, url: str | None = None) -> "Store":
    """Open the store at `url`, by default the settings' own, with the user's own access."""
    return _as_caller(settings, os.environ).open_store(_Secrets(os.environ), url=url)


def _as_caller(settings: "OutputSettings", environ: Mapping[str, str]) -> "OutputSettings":
    """`settings` without secrets that are set on Baseten only: the SDK then finds the caller's own key."""
    if any(_SECRET + name in environ for name in settings.secret_names):
        return settings
    return settings.without_access()


@dataclass(frozen=True)
class _Secrets:
    """The Truss's secrets, from this machine's environment variables."""

    environ: Mapping[str, str]

    def __getitem__(self, name: str, /) -> str:
        return self.environ[_SECRET + name]
