"""The options of a bucket in S3, or in one that speaks S3."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeAlias

from truss_outputs.stores.credentials import Credentials, WebIdentity
from truss_outputs.stores.options import StoreOptions

AddressingStyle: TypeAlias = Literal["auto", "path", "virtual"]
Encryption: TypeAlias = Literal["AES256", "aws:kms"]


@dataclass(frozen=True, kw_only=True)
class S3Options(StoreOptions):
    """Without `credentials` and `web_identity` the SDK's own chain finds a key."""

    region: str | None = None
    credentials: Credentials | None = None
    web_identity: WebIdentity | None = None
    addressing_style: AddressingStyle = "auto"
    sse: Encryption | None = None
    kms_key_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_settings(cls, values: Mapping[str, Any]) -> Self:
        """As `StoreOptions.of_settings`; the three secrets of a key make one option, `credentials`."""
        others = dict(values)
        key_id, key = others.pop("access_key_id_secret"), others.pop("secret_access_key_secret")
        token, role = others.pop("session_token_secret"), others.pop("role_arn")
        credentials = (
            Credentials(access_key_id=key_id, secret_access_key=key, session_token=token) if key_id else None
        )
        return cls(**others, credentials=credentials, web_identity=role)
