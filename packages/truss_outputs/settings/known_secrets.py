"""The secrets of a Truss, by value, so that they can be kept out of what is stored."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

from truss_outputs.settings.outputs import Secrets


class KnownSecrets:
    """The secrets that `config.yaml` declares. Read each time, as Baseten rotates them while a model runs."""

    def __init__(self, names: Iterable[str] = (), secrets: Secrets | None = None) -> None:
        self._names = tuple(names)
        self._secrets: Secrets = secrets if secrets is not None else {}

    @classmethod
    def of_truss(cls, config: Mapping[str, Any], secrets: Secrets) -> Self:
        """Those of this Truss."""
        declared = config.get("secrets") or {}
        return cls(map(str, declared), secrets)

    def values(self) -> frozenset[str]:
        """The values of those that have one."""
        return frozenset(value for name in self._names if (value := self._value(name)))

    def _value(self, name: str) -> str | None:
        try:
            return str(self._secrets[name]).strip()
        except Exception:  # Truss's own class, for a secret that has no value
            return None
