"""What a Truss needs besides Python: what is refused, and what it is served without."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from async_emulator.errors import MissingWeights, UnknownWeights, Unsupported
from async_emulator.settings.substitutes import Substitutes
from async_emulator.trusses.weights import Weights, weights_of

IGNORABLE = (
    "base_image",
    "bis_llm",
    "build_commands",
    "docker_server",
    "system_packages",
    "training_checkpoints",
    "trt_llm",
)
"""The keys of config.yaml that `--ignore` takes."""
_ACCELERATOR = "resources.accelerator"
_TRANSPORT = "http"


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """The decision for one Truss.

    `left_out` are the keys that truss and the model do not get to see; `weights` are the local folders and
    files by what they stand for; `warnings` say, one line each, what the Truss is served without.
    """

    left_out: tuple[str, ...]
    weights: Mapping[Weights, Path]
    warnings: tuple[str, ...]


def needs_of(
    config: Mapping[str, Any], substitutes: Substitutes, *, has_stub: bool, place: str = "config.yaml"
) -> Needs:
    """Decide what the Truss with these settings is served without; `place` names it in what is said.

    With a stub, a Truss is served without all that a stub does not need. Raises Unsupported, MissingWeights
    or UnknownWeights.
    """
    found = {key: value_of(config, key) for key in IGNORABLE if value_of(config, key)}
    warnings = []
    for key, value in found.items():
        if not has_stub and key not in substitutes.ignored:
            reason = f"serve without it by --ignore {key}, or give a stand-in by --stub FILE.py"
            raise Unsupported(place, key, value, reason)
        warnings.append(left_out(place, key))
    transport = value_of(config, "runtime.transport.kind")
    if transport not in (None, _TRANSPORT):
        raise Unsupported(place, "runtime.transport.kind", transport, "async requests need plain http")
    if accelerator := value_of(config, _ACCELERATOR):
        if substitutes.is_strict:
            raise Unsupported(place, _ACCELERATOR, accelerator, "it needs a GPU image: leave out --strict")
        warnings.append(f"{place}: {_ACCELERATOR}: {accelerator}: the model runs on what this machine has")
    weights, missing = _weights(config, substitutes, has_stub=has_stub, place=place)
    return Needs(left_out=tuple(found), weights=weights, warnings=(*warnings, *missing))


def value_of(config: Mapping[str, Any], key: str) -> Any:
    """Return the setting at a dotted key; None: it is not set."""
    value: Any = config
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def left_out(place: str, what: str) -> str:
    """Return the warning of something that the Truss is served without."""
    return f"{place}: {what} is left out"


def _weights(
    config: Mapping[str, Any], substitutes: Substitutes, *, has_stub: bool, place: str
) -> tuple[dict[Weights, Path], list[str]]:
    entries = weights_of(config)
    known = {name for each in entries for name in each.names}
    unknown = sorted(set(substitutes.weights) - known)
    if unknown and not substitutes.is_partial:
        raise UnknownWeights(place, unknown[0], [each.names[0] for each in entries])
    weights, warnings = {}, []
    for each in entries:
        local = each.given(substitutes.weights)
        if local is not None:
            weights[each] = local
        elif has_stub:
            warnings.append(left_out(place, f"{each.key}: {each.names[0]}"))
        else:
            raise MissingWeights(place, each.key, each.names[0])
    return weights, warnings
