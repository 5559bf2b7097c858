"""One setting of a storage scheme, and the types of value that several schemes' settings have."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

SECRET_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A key of `model_metadata.truss_outputs` that only some schemes take.

    `type` is the value's type as pydantic reads it. `kind` is "plain" for a value that counts as it stands,
    "secret" for the name of a Truss secret, "role" for a role to take with Baseten's OIDC token. The latter
    two give the model access; a caller has access of its own.
    """

    name: str
    type: Any
    description: str
    default: Any = None
    kind: Literal["plain", "secret", "role"] = "plain"


def _secret_name(value: str) -> str:
    if not SECRET_NAME.fullmatch(value):  # perhaps the secret itself, so it is not repeated
        raise ValueError(
            "found no secret's name; allowed: letters, digits, '_', '.' and '-', as under `secrets:`"
        )
    return value


def _word(value: str) -> str:
    if not value.isprintable() or not value.isascii() or not value or " " in value or len(value) > 2048:
        raise ValueError(f"found {value[:40]!r}; allowed: one word of ASCII characters")
    return value


SecretName = Annotated[str, AfterValidator(_secret_name)]
Word = Annotated[str, AfterValidator(_word)]


def secret_setting(name: str, description: str) -> Setting:
    """A setting that names a Truss secret."""
    return Setting(name=name, type=SecretName | None, description=description, kind="secret")
