"""The secrets of a Truss: read by the names in the settings, and known by value so that none is stored."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, Self

from pydantic import SecretStr

from truss_outputs.errors import SettingsError
from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.secrecy.shapes import is_like_a_secret

SECTION = "model_metadata.truss_outputs"


class Secrets(Protocol):
    """Truss's secrets. Nothing but reading one by its name is relied on."""

    def __getitem__(self, name: str, /) -> str:
        """The secret's value. Raises where it is not declared, or has none."""


def secret(secrets: Secrets, setting: str, name: str) -> SecretStr:
    """The value of the secret that `setting` names. Raises SettingsError."""
    try:
        value = secrets[name].strip()  # a secret that Baseten mounts as a file may end in a newline
    except Exception:  # Truss's own class: the secret is not declared, or has no value
        raise_alone(_missing(setting, name))  # as it repeats the name, which may be the secret itself
    if not value:
        raise _missing(setting, name)
    return SecretStr(value)


def _missing(setting: str, name: str) -> SettingsError:
    if is_like_a_secret(name):
        return SettingsError(
            f"{SECTION}.{setting}",
            "found what looks like the secret itself, and there is no secret of that name; write the name "
            "of a secret that config.yaml declares under secrets:, and give it the value in Baseten",
        )
    return SettingsError(
        f"{SECTION}.{setting}",
        f"the secret {name!r} is missing: declare it in config.yaml under secrets: as '{name}: null' "
        f"and give it a value in Baseten (locally in the environment variable TRUSS_SECRET_{name})",
    )


class KnownSecrets:
    """The secrets that `config.yaml` declares. Read at every call, as Baseten may rotate them meanwhile."""

    def __init__(self, names: Iterable[str] = (), secrets: Secrets | None = None) -> None:
        self._names = tuple(names)
        self._secrets: Secrets = secrets if secrets is not None else {}

    @classmethod
    def of_truss(cls, config: Mapping[str, Any], secrets: Secrets) -> Self:
        """The secrets of the Truss with this `config`."""
        declared = config.get("secrets") or {}
        return cls(map(str, declared), secrets)

    def values(self) -> frozenset[str]:
        """The values of all secrets that have one."""
        return frozenset(value for name in self._names if (value := self._value(name)))

    def _value(self, name: str) -> str | None:
        try:
            return str(self._secrets[name]).strip()
        except Exception:  # Truss's own class: the secret has no value
            return None
