"""How to speak to a bucket. Each store takes what its scheme has, and `from_url` refuses the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal, TypeAlias

from pydantic import SecretStr

from truss_outputs.stores.credentials import Credentials, WebIdentity

Engine: TypeAlias = Literal["auto", "sdk", "obstore"]
AddressingStyle: TypeAlias = Literal["auto", "path", "virtual"]
Encryption: TypeAlias = Literal["AES256", "aws:kms"]


@dataclass(frozen=True, kw_only=True)
class StoreOptions:
    """None, "auto" and an empty mapping leave it to the service, or to the SDK's own choice."""

    engine: Engine = "auto"
    endpoint_url: str | None = None
    region: str | None = None
    credentials: Credentials | None = None
    web_identity: WebIdentity | None = None
    service_account: SecretStr | None = None
    account_name: str | None = None
    account_key: SecretStr | None = None
    sas_token: SecretStr | None = None
    connection_string: SecretStr | None = None
    addressing_style: AddressingStyle = "auto"
    sse: Encryption | None = None
    kms_key_id: str | None = None
    kms_key_name: str | None = None
    storage_class: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def given(self) -> frozenset[str]:
        """The names of the options that are set."""
        names = (each.name for each in fields(self))
        return frozenset(name for name in names if getattr(self, name) not in (None, "auto", {}))

    @property
    def is_plain(self) -> bool:
        """Whether bytes go over the network in clear, so that each request must sign them."""
        return (self.endpoint_url or "").startswith("http:")
