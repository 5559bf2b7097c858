"""Containers of Azure as obstore knows them, set up for results. Nothing is sent yet."""

import re
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from truss_outputs.stores.azure import client as azure_client
from truss_outputs.stores.azure.account import Account
from truss_outputs.stores.azure.errors import answer
from truss_outputs.stores.azure.options import AzureOptions
from truss_outputs.stores.obstore.connection import Clients, Connection, attributes

# obstore (0.12) signs a blob's name with the escapes of a url, Azure checks it without them.
_SIGNABLE = re.compile(r"[A-Za-z0-9._~/-]*")

_ACTIONS = MappingProxyType({"put": "write", "get": "read", "list": "list", "delete": "delete"})

if TYPE_CHECKING:
    from obstore.store import AzureCredentialProvider, ClientConfig, RetryConfig


def connect(container: str, account: Account, options: AzureOptions) -> Connection:
    """Connect to a container. Raises ImportError without obstore, ValueError where nothing gives access."""
    from obstore.store import AzureStore

    provider = _provider(account)

    def store(client: "ClientConfig", retry: "RetryConfig", in_parts: bool) -> AzureStore:
        return AzureStore(
            container,
            config={"account_name": account.name, "endpoint": account.endpoint},
            client_options=client,
            retry_config=retry,
            credential_provider=provider,
        )

    return Connection(
        clients=Clients(store, options, is_plain=account.is_plain),
        actions=_ACTIONS,
        answer=answer,
        has_fixed_credentials=bool(account.key or account.sas_token),
        attributes=attributes(options),
        cannot_sign=partial(_cannot_sign, account),
    )


def _provider(account: Account) -> "AzureCredentialProvider":
    """The account's credentials for obstore, which by itself would read the environment."""
    given: Any
    if account.key:
        given = {"access_key": account.key.get_secret_value(), "expires_at": None}
    elif account.sas_token:
        given = {"sas_token": account.sas_token.get_secret_value(), "expires_at": None}
    else:
        identity: Any = azure_client.entra_credential()
        from obstore.auth.azure import AzureCredentialProvider

        return AzureCredentialProvider(identity)
    return lambda: given


def _cannot_sign(account: Account, path: str) -> str | None:
    if account.key is None:
        return "only an account's key signs urls: set account_key_secret or connection_string_secret"
    if not _SIGNABLE.fullmatch(path):
        return "the obstore engine signs no urls of keys with other than ASCII letters, digits and ._~/-"
    return None
