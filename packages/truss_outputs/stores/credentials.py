"""The keys of a bucket, or what they can be had for."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr


class Credentials(BaseModel):
    """A static key, or with `session_token` a temporary one. Never shown, not even by `repr`."""

    model_config = ConfigDict(frozen=True)

    access_key_id: SecretStr
    secret_access_key: SecretStr
    session_token: SecretStr | None = None


class WebIdentity(BaseModel):
    """A role that AWS lends to whom the token in a file names. The file is read anew for each loan."""

    model_config = ConfigDict(frozen=True)

    role_arn: str
    token_file: Path
    session_name: str = "truss-outputs"
