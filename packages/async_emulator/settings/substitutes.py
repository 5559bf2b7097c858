"""What takes the place of the parts of a Truss that this machine cannot offer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Substitutes:
    """What was chosen for one Truss or chain.

    `is_strict`: a Truss that names an accelerator is refused, not served without. `ignored` are keys of
    config.yaml whose settings are left out. `weights` are local folders or files, by the place, the source
    or the index of what they stand for. `stubs` are files with a `predict`: the empty name is that of the
    model itself, any other that of a chainlet. `with_docker`: the Truss runs in its image. `is_partial`:
    `weights` are also meant for other Trusses, so that a name which this one does not know is no mistake.
    """

    is_strict: bool = False
    ignored: frozenset[str] = frozenset()
    weights: Mapping[str, Path] = field(default_factory=dict)
    stubs: Mapping[str, Path] = field(default_factory=dict)
    with_docker: bool = False
    is_partial: bool = False
