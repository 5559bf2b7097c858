"""What an emulator is told before it starts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from async_emulator.deployments.served import ServedSettings
from async_emulator.settings.api import ApiSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class EmulatorSettings:
    """What to serve, and to whom. The queue lives in `data_dir`, what can be made again in `cache_dir`."""

    served: Sequence[ServedSettings]
    data_dir: Path
    cache_dir: Path
    api_key: str = field(repr=False)
    api: ApiSettings = field(default_factory=ApiSettings)
