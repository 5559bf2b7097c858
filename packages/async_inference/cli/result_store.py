"""Where a command looks for results."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from async_inference.cli.truss_config import read_truss_config

if TYPE_CHECKING:
    from async_inference.cli.service import Service
    from truss_outputs.results.reader import OutputReader
    from truss_outputs.settings.outputs import OutputSettings
    from truss_outputs.store import Store

_ANOTHER = "another"  # a value that no placeholder has by default
_SECRET = "TRUSS_SECRET_"  # noqa: S105  # the start of a variable's name


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The store at `url`, or else the one that the Truss names; the Truss's other settings hold for both."""

    url: str | None
    truss_dir: Path
    destination: str | None = None
    environment: str | None = None
    model_id: str | None = None
    deployment_id: str | None = None

    def of(self, service: "Service") -> Self:
        """The same, where the model that is called there stores.

        Only on Baseten is there an environment, and a development deployment is in none.
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
        """Where the result of the request will be, or None where neither a URL nor a Truss says.

        The store is not asked, nor its SDK imported.
        """
        settings = self.settings()
        if settings is None:
            return None
        from truss_outputs.keys import result_key

        return f"{self._url(settings).rstrip('/')}/{result_key(request_id)}"

    def reader(self) -> "OutputReader":
        """What reads from the store. It is the user's own access that counts, not the model's."""
        from truss_outputs.results.reader import OutputReader

        return OutputReader(self.store())

    def store(self) -> "Store":
        """The store itself, with the user's own access."""
        settings = self.settings()
        if settings is None:
            raise click.UsageError(
                "no store to look in: give --outputs URL, or --truss-dir with a Truss whose config.yaml "
                "has model_metadata.truss_outputs.url"
            )
        url = self._url(settings)
        return _as_caller(settings, os.environ).open_store(_Secrets(os.environ), url=url)

    def settings(self) -> "OutputSettings | None":
        """The settings, or None where neither a URL nor a Truss names a store."""
        from truss_outputs.settings.outputs import URL_VARIABLE, OutputSettings

        config = read_truss_config(self.truss_dir) or {}
        if not self.url and not (config.get("model_metadata") or {}).get("truss_outputs"):
            return None
        override = {URL_VARIABLE: self.url} if self.url else {}
        return OutputSettings.from_config(config, {**os.environ, **override})

    def _url(self, settings: "OutputSettings") -> str:
        """The url that holds there, where it is known; another would be a place with no result in it."""
        known = {"model_id": self.model_id, "deployment_id": self.deployment_id}
        told = settings.url_for(environment=self.environment, destination=self.destination, **known)
        for name, value in known.items():
            other = {**known, name: _ANOTHER}
            if value is None and told != settings.url_for(
                environment=self.environment, destination=self.destination, **other
            ):
                raise click.UsageError(
                    f"the url of the results has {{{name}}} in it: give --{name.replace('_', '-')}"
                )
        return told


def _as_caller(settings: "OutputSettings", environ: Mapping[str, str]) -> "OutputSettings":
    """`settings` without secrets that are set on Baseten only: the SDK then finds the caller's own key."""
    if any(_SECRET + name in environ for name in settings.secret_names):
        return settings
    return settings.without_access()


@dataclass(frozen=True)
class _Secrets:
    """The Truss's secrets, as the environment of this machine has them."""

    environ: Mapping[str, str]

    def __getitem__(self, name: str, /) -> str:
        return self.environ[_SECRET + name]
