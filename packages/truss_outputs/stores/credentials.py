"""Credentials of an S3 bucket, and the identity that AWS trades for them."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr


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
