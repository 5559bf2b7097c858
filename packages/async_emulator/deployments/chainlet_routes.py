"""How chainlets reach each other: through the emulator, which knows which replica is ready and has room."""

from async_emulator.paths import chainlet_path
from async_emulator.prediction.capacity import Capacity


class ChainletRoutes:
    """The chainlets that other chainlets can call. `base_url` and `api_key` are those of the emulator."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self.api_key = api_key
        self.base_url = base_url
        self._capacities: dict[str, Capacity] = {}

    def add(self, chain_id: str, chainlet: str, capacity: Capacity) -> None:
        """From now on, pass calls of a chainlet on to its replicas."""
        self._capacities[chainlet_path(chain_id, chainlet)] = capacity

    def find(self, path: str) -> Capacity | None:
        """Return the slots of the chainlet at `path`; None: there is no such chainlet."""
        return self._capacities.get(path)
