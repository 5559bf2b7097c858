"""The settings of an emulator."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from async_emulator.deployments.served import ServedSettings
from async_emulator.settings.api import ApiSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class EmulatorSettings:
    """What to serve, and for which key. `data_dir` holds the queue, `cache_dir` what can be built again.

    `keep_going`: what cannot be served does not end the rest.
    """

    served: Sequence[ServedSettings]
    data_dir: Path
    cache_dir: Path
    api_key: str = field(repr=False)
    api: ApiSettings = field(default_factory=ApiSettings)
    keep_going: bool = False
