"""Turns the arguments of `truss-async serve` into settings."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import platformdirs

from async_emulator.command.substitutes import GivenSubstitutes
from async_emulator.deployments.served import ServedSettings
from async_emulator.deployments.served_model import ModelSettings
from async_emulator.emulator_settings import EmulatorSettings
from async_emulator.errors import NotAChain, NotATruss, OutOfBounds
from async_emulator.settings.api import ApiSettings
from async_emulator.settings.deployment import Autoscaling, DeploymentSettings

_APP = "truss-async"
_CHAIN = ".py"


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """The arguments and options. `paths` are absolute; `options` are those of deployments and of the API."""

    paths: Sequence[Path]
    data_dir: Path | None
    environ: Mapping[str, str] = field(repr=False)
    model_id: str | None
    deployment_id: str | None
    api_key: str = field(repr=False)
    options: Mapping[str, Any]


def state_dir() -> Path:
    """Return the folder that holds a data directory for everything that was served without --data-dir."""
    return platformdirs.user_state_path(_APP)


def cache_dir() -> Path:
    """Return the folder that holds what every emulator of this user has built."""
    return platformdirs.user_cache_path(_APP)


def settings_of(given: Given) -> EmulatorSettings:
    """Return the settings of an emulator. Raises OutOfBounds, NotATruss, NotAChain or BadStub."""
    for path in given.paths:
        if given.paths.count(path) > 1:
            raise NotATruss(path, "it is given twice")
    named = {path: _without_entrypoint(path) for path in given.paths}
    trusses = [path for path, (file, _) in named.items() if not _is_chain(file)]
    chains = [path for path in given.paths if path not in trusses]
    data_dir = given.data_dir or state_dir() / _data_name(given)
    options = dict(given.options)
    keep_going = options.pop("keep_going")
    api = ApiSettings(**{each.name: options.pop(each.name) for each in fields(ApiSettings)})
    autoscaling = _autoscaling(options)
    substitutes = GivenSubstitutes.take(options)
    substitutes.check(trusses, chains)
    several = len(given.paths) > 1
    deployments = [
        DeploymentSettings(
            path=named[path][0],
            entrypoint=named[path][1],
            data_dir=data_dir.resolve(),
            model_id=given.model_id or _digest(path)[:8],
            deployment_id=given.deployment_id or _digest(path)[8:15],
            environ=given.environ,
            autoscaling=autoscaling,
            name=path.name if several else "",
            substitutes=(
                substitutes.of_truss(path, is_partial=several)
                if path in trusses
                else substitutes.of_chain(trusses)
            ),
            **options,
        )
        for path in given.paths
    ]
    return EmulatorSettings(
        served=[_served(deployment) for deployment in deployments],
        data_dir=data_dir.resolve(),
        cache_dir=cache_dir(),
        api_key=given.api_key,
        api=api,
        keep_going=keep_going,
    )


def _served(deployment: DeploymentSettings) -> ServedSettings:
    """Return settings for a chain, which is a file, or for a Truss, which is a folder."""
    if _is_chain(deployment.path):
        from async_emulator.deployments.served_chain import (
            ChainSettings,  # only who serves a chain waits for it
        )

        return ChainSettings(deployment=deployment)
    return ModelSettings(deployment=deployment)


def _without_entrypoint(path: Path) -> tuple[Path, str | None]:
    """Split `chain.py:ClassName`. Raises NotAChain where no class follows the colon."""
    file, colon, entrypoint = path.name.rpartition(":")
    if not colon or not file.endswith(_CHAIN) or path.exists():
        return path, None
    if not entrypoint.isidentifier():
        raise NotAChain(f"{path}: write the name of the entrypoint's class after the colon")
    return path.with_name(file), entrypoint


def _is_chain(path: Path) -> bool:
    return path.suffix == _CHAIN


def _autoscaling(options: dict[str, Any]) -> Autoscaling:
    most, least = options.pop("max_replicas"), options.pop("min_replicas")
    if least is not None and least > most:
        raise OutOfBounds("--min-replicas", least, f"at most --replicas, which is {most}")
    return Autoscaling(
        max_replicas=most,
        min_replicas=most if least is None else least,
        scale_down_delay=options.pop("scale_down_delay"),
    )


def _data_name(given: Given) -> str:
    if len(given.paths) > 1:
        return _digest(*given.paths)[:8]
    return given.model_id or _digest(*given.paths)[:8]


def _digest(*paths: Path) -> str:
    return hashlib.sha256("\n".join(map(str, paths)).encode()).hexdigest()
