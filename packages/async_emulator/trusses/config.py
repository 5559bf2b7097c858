"""The settings of a Truss that the emulator needs, from truss's own `config.yaml` with all defaults."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from async_emulator.errors import NotATruss, Unsupported

_NEEDS_DOCKER = {
    "base_image": "it needs Docker",
    "docker_server": "it needs Docker",
    "trt_llm": "it needs a GPU",
    "bis_llm": "it needs a GPU",
    "build_commands": "they need Docker",
    "system_packages": "they need Docker",
    "resources.accelerator": "it needs a GPU image",
    "external_data": "it is loaded into an image",
    "model_cache": "it is loaded into an image",
    "weights": "they are mounted by the platform",
    "training_checkpoints": "they are mounted by the platform",
}
_TRANSPORT = "http"
_LOADER = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # the parser in C, where there is one, is ten times as fast


def model_name(path: Path) -> str:
    """Return the model's name in the folder's config.yaml, or the name of `path` where there is none."""
    try:
        config = _read(path)
    except OSError:
        return path.name
    return str(_value(config, "model_name") or path.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrussConfig:
    """A Truss's settings. `predict_concurrency` is the number of predictions that the server runs at once."""

    model_name: str
    python_version: str
    predict_concurrency: int
    environment_variables: dict[str, str]
    secret_names: tuple[str, ...]
    model_module_dir: str
    data_dir: str
    bundled_packages_dir: str
    has_oidc_token: bool

    @classmethod
    def read(cls, context: Path) -> Self:
        """Read the settings of a build context.

        Raises Unsupported for a setting that one machine cannot satisfy, NotATruss where there is no model.
        """
        config = _read(context)
        for key, reason in _NEEDS_DOCKER.items():
            if found := _value(config, key):
                raise Unsupported(key, found, reason)
        transport = _value(config, "runtime.transport.kind")
        if transport not in (None, _TRANSPORT):
            raise Unsupported("runtime.transport.kind", transport, "async requests need plain http")
        model_file = Path(config["model_module_dir"], config["model_class_filename"])
        if not (context / model_file).is_file():
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
            model_module_dir=config["model_module_dir"],
            data_dir=config["data_dir"],
            bundled_packages_dir=config["bundled_packages_dir"],
            has_oidc_token=bool(_value(config, "runtime.oidc.enabled")),
        )


def _read(folder: Path) -> Any:
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    return yaml.load(text, _LOADER)  # noqa: S506  # either is safe


def _value(config: dict[str, Any], key: str) -> Any:
    value: Any = config
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
