"""The options of a container in Azure Blob Storage."""

from dataclasses import dataclass

from pydantic import SecretStr

from truss_outputs.stores.options import StoreOptions


@dataclass(frozen=True, kw_only=True)
class AzureOptions(StoreOptions):
    """One of the three secrets opens the account; without any, Microsoft's own chain is used."""

    account_name: str | None = None
    account_key: SecretStr | None = None
    sas_token: SecretStr | None = None
    connection_string: SecretStr | None = None
