"""Where a command looks for results."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from async_inference.commands.truss_config import read_truss_config

if TYPE_CHECKING:
    from truss_outputs.reader import OutputReader
    from truss_outputs.settings import OutputSettings

_SECRET = "TRUSS_SECRET_"  # noqa: S105  # the start of a variable's name


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The store at `url`, or else the one that the Truss names; the Truss's other settings hold for both."""

    url: str | None
    truss_dir: Path

    def reader(self) -> "OutputReader":
        """What reads from the store. It is the user's own access that counts, not the model's."""
        from truss_outputs.reader import OutputReader

        settings = self.settings()
        if settings is None:
            raise click.UsageError(
                "no store to look in: give --outputs URL, or --truss-dir with a Truss whose config.yaml "
                "has model_metadata.truss_outputs.url"
            )
        return OutputReader(_as_caller(settings, os.environ).open_store(_Secrets(os.environ)))

    def settings(self) -> "OutputSettings | None":
        """The settings, or None where neither a URL nor a Truss names a store."""
        from truss_outputs.settings import URL_VARIABLE, OutputSettings

        config = read_truss_config(self.truss_dir) or {}
        if not self.url and not (config.get("model_metadata") or {}).get("truss_outputs"):
            return None
        return OutputSettings.from_config(config, {URL_VARIABLE: self.url} if self.url else {})


def result_url(settings: "OutputSettings", request_id: str) -> str:
    """Where the result of the request will be. The store is not asked, nor its SDK imported."""
    from truss_outputs.keys import result_key

    return f"{settings.url.rstrip('/')}/{result_key(request_id)}"


def _as_caller(settings: "OutputSettings", environ: Mapping[str, str]) -> "OutputSettings":
    """`settings` without secrets that are set on Baseten only: the SDK then finds the caller's own key."""
    key = (settings.access_key_id_secret, settings.secret_access_key_secret)
    if any(name and _SECRET + name in environ for name in key):
        return settings
    return settings.model_copy(
        update={"access_key_id_secret": None, "secret_access_key_secret": None, "session_token_secret": None}
    )


@dataclass(frozen=True)
class _Secrets:
    """The Truss's secrets, as the environment of this machine has them."""

    environ: Mapping[str, str]

    def __getitem__(self, name: str, /) -> str:
        return self.environ[_SECRET + name]
