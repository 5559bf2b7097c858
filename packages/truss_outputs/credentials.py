"""The keys of a bucket."""

from pydantic import BaseModel, ConfigDict, SecretStr


class Credentials(BaseModel):
    """A static key, or with `session_token` a temporary one. Never shown, not even by `repr`."""

    model_config = ConfigDict(frozen=True)

    access_key_id: SecretStr
    secret_access_key: SecretStr
    session_token: SecretStr | None = None
