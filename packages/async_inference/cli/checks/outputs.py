"""Check a Truss's output settings before the Truss is built or pushed.

`truss-async serve` runs this check at every start: it is an entry point of the group `truss_async.checks`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from async_inference.cli.checks.config_keys import check_kinds
from async_inference.cli.truss_config import read_truss_config
from truss_outputs.errors import SettingsError

if TYPE_CHECKING:
    from truss_outputs.settings.outputs import OutputSettings

_REQUIREMENT_NAME = re.compile(r"[A-Za-z0-9._-]+")


def check_output_settings(truss_dir: Path, environ: Mapping[str, str]) -> list[str]:
    """Return one line for each problem; none for a Truss that does not use `truss_outputs`.

    `environ` is the model's environment; its secrets are in TRUSS_SECRET_<name>.
    """
    config = read_truss_config(truss_dir) or {}
    wrong = [finding.problem for finding in check_kinds(config) if finding.problem]
    return wrong or output_problems(config, truss_dir, environ)


def output_problems(config: Mapping[str, Any], truss_dir: Path, environ: Mapping[str, str]) -> list[str]:
    """Return the same for a `config` that was read, or made from a chainlet in the folder `truss_dir`."""
    if not (config.get("model_metadata") or {}).get("truss_outputs"):
        return []
    from truss_outputs.settings.outputs import OutputSettings  # here: other Trusses do not pay for the import

    declared = config.get("secrets") or {}
    try:
        settings = OutputSettings.from_config(config, {**variables(config), **environ})
        urls = all_urls(settings)
        for url in urls:  # no store is opened: its SDK may be in the image only, and may use the network
            settings.options_for(url, _DeclaredSecrets(declared=declared, environ=environ))
    except SettingsError as error:
        return [str(error)]
    installed = requirement_names(config, truss_dir)
    missing = {
        names[0]: f"requirements: {names[0]} is missing, and {url} needs it: add {names[0]} to config.yaml"
        for url in urls
        for names in settings.requirements(url)
        if not set(names) & installed
    }
    return list(missing.values())


def all_urls(settings: "OutputSettings") -> list[str]:
    """Return every url that a result may go to: the default, each environment's, each destination's."""
    return [
        settings.url_for(),
        *(settings.url_for(environment=name) for name in settings.environments),
        *(settings.url_for(destination=name) for name in settings.destinations),
    ]


@dataclass(frozen=True)
class _DeclaredSecrets:
    """The secrets that the model will get: only those that config.yaml declares."""

    declared: Mapping[str, str | None]
    environ: Mapping[str, str]

    def __getitem__(self, name: str, /) -> str:
        value = self.environ.get(f"TRUSS_SECRET_{name}") or self.declared[name]
        if name not in self.declared or not value:
            raise KeyError(name)
        return value


def variables(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment variables that config.yaml gives the model."""
    return {str(name): str(value) for name, value in (config.get("environment_variables") or {}).items()}


def requirement_names(config: Mapping[str, Any], truss_dir: Path) -> set[str]:
    """Return the names of the packages that the image installs, in lower case.

    Of a requirements file of any format, every word counts.
    """
    lines = [str(line) for line in config.get("requirements") or []]
    if file := config.get("requirements_file"):
        path = truss_dir / str(file)
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        return {word.lower() for word in _REQUIREMENT_NAME.findall(text)}
    return {match.group().lower() for line in lines if (match := _REQUIREMENT_NAME.match(line.strip()))}
