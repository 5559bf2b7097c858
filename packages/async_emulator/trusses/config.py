"""The settings of a Truss that the emulator needs, from truss's own `config.yaml` with all defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

from async_emulator.errors import NotATruss
from async_emulator.trusses.needs import value_of

_LOADER = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # the parser in C, where there is one, is ten times as fast


def model_name(path: Path) -> str:
    """Return the model's name in the folder's config.yaml, or the name of `path` where there is none."""
    try:
        config = _read(path)
    except OSError:
        return path.name
    return str(value_of(config, "model_name") or path.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrussConfig:
    """A Truss's settings.

    `predict_concurrency` is the number of predictions that the server runs at once. `unset_secrets`
    have no value in config.yaml. `own` are all settings as it has them.
    """

    model_name: str
    python_version: str
    predict_concurrency: int
    environment_variables: dict[str, str]
    secret_names: tuple[str, ...]
    unset_secrets: tuple[str, ...]
    model_file: Path
    model_class_name: str
    model_module_dir: str
    data_dir: str
    bundled_packages_dir: str
    has_oidc_token: bool
    own: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, context: Path, *, has_stub: bool = False) -> Self:
        """Read the settings of a build context. Raises NotATruss where it has neither a model nor a stub."""
        config = _read(context)
        model_file = Path(config["model_module_dir"], config["model_class_filename"])
        if not has_stub and not (context / model_file).is_file():
            raise NotATruss(model_file, "config.yaml names this file as the model, and it does not exist")
        version = config["python_version"].removeprefix("py")
        return cls(
            model_name=config["model_name"] or context.name,
            python_version=f"{version[0]}.{version[1:]}",
            predict_concurrency=config["runtime"]["predict_concurrency"],
            environment_variables={
                name: str(value).lower() if isinstance(value, bool) else str(value)
                for name, value in config["environment_variables"].items()
            },
            secret_names=tuple(config["secrets"]),
            unset_secrets=tuple(name for name, value in config["secrets"].items() if not value),
            model_file=model_file,
            model_class_name=config["model_class_name"],
            model_module_dir=config["model_module_dir"],
            data_dir=config["data_dir"],
            bundled_packages_dir=config["bundled_packages_dir"],
            has_oidc_token=bool(value_of(config, "runtime.oidc.enabled")),
            own=config,
        )


def own_settings(truss_dir: Path) -> Mapping[str, Any]:
    """Return what the folder's config.yaml says; nothing where truss will refuse the file."""
    try:
        config = _read(truss_dir)
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return config if isinstance(config, dict) else {}


def _read(folder: Path) -> Any:
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    return yaml.load(text, _LOADER)  # noqa: S506  # either is safe
