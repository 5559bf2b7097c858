"""Credentials of an S3 bucket, the identity that AWS trades for them, and what to do without any."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr


class NoAccess(ValueError):
    """Nothing that gives access was found."""


def no_credentials(unset_secrets: Sequence[str]) -> str:
    """Why the SDK's own chain was asked, which had none."""
    if not unset_secrets:
        return "no credentials: the settings name none, and the SDK's own chain has none"
    return f"no credentials: the SDK's own chain has none, and {to_set(unset_secrets)}"


def to_set(secrets: Sequence[str]) -> str:
    """Say which variables give the secrets, which the settings name, a value on this machine."""
    names = " and ".join(f"TRUSS_SECRET_{name}" for name in secrets)
    return f"the settings name secrets that have no value here: set {names}, or log in"


class Credentials(BaseModel):
    """A static key, or with `session_token` a temporary one. Never shown, not even by `repr`."""

    model_config = ConfigDict(frozen=True)

    access_key_id: SecretStr
    secret_access_key: SecretStr
    session_token: SecretStr | None = None


class WebIdentity(BaseModel):
    """A role that AWS grants for the token in a file. The file is read again for each session."""

    model_config = ConfigDict(frozen=True)

    role_arn: str
    token_file: Path
    session_name: str = "truss-outputs"
