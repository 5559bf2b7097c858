"""The secrets of a Truss, asked for by the names that settings give."""

import re
from typing import Protocol

from pydantic import SecretStr

from truss_outputs.errors import SettingsError

SECTION = "model_metadata.truss_outputs"
SECRET_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")


class Secrets(Protocol):
    """Truss's secrets: to be asked for one by name, and for nothing else."""

    def __getitem__(self, name: str, /) -> str:
        """The secret's value. Raises where it is not declared, or has none."""


def secret(secrets: Secrets, setting: str, name: str) -> SecretStr:
    """The value of the secret that `setting` names. Raises SettingsError."""
    try:
        value = secrets[name].strip()  # a secret that Baseten mounts as a file may end in a newline
    except Exception as error:  # Truss's own class, if the secret is not declared and if it has no value
        raise _missing(setting, name) from error
    if not value:
        raise _missing(setting, name)
    return SecretStr(value)


def _missing(setting: str, name: str) -> SettingsError:
    return SettingsError(
        f"{SECTION}.{setting}",
        f"the secret {name!r} is missing: declare it in config.yaml under secrets: as '{name}: null' "
        f"and give it a value in Baseten (locally in the environment variable TRUSS_SECRET_{name})",
    )
