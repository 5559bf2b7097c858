"""Azure's client for a container, set up for results. The SDK is imported only when a client is made."""

from typing import TYPE_CHECKING, Any

from truss_outputs.stores.azure.account import Account

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import ContainerClient

_POOL = 32
_MD5_RANGE = 4 * 1024 * 1024  # the largest range with an MD5 (…/rest/api/storageservices/get-blob)


def connect(container: str, account: Account) -> "ContainerClient":
    """A client for all threads and the whole process. Nothing is sent yet.

    Raises ImportError without azure-storage-blob, and ValueError where nothing gives access to the account.
    """
    import requests
    from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
    from azure.core.pipeline.transport import RequestsTransport
    from azure.storage.blob import ContainerClient
    from requests.adapters import HTTPAdapter

    credential: Any
    if account.key:
        credential = AzureNamedKeyCredential(account.name, account.key.get_secret_value())
    elif account.sas_token:
        credential = AzureSasCredential(account.sas_token.get_secret_value())
    else:
        credential = entra_credential()
    session = requests.Session()
    for start in ("https://", "http://"):
        session.mount(start, HTTPAdapter(pool_connections=_POOL, pool_maxsize=_POOL))
    # Seconds to wait before each retry: 0.2, 1.7, 2.5, 3.6, 5.3. The SDK's own begin at 15.
    patience: Any = {
        "retry_total": 5,
        "initial_backoff": 0.2,
        "increment_base": 1.5,
        "random_jitter_range": 0.2,
    }
    return ContainerClient(
        account.endpoint,
        container,
        credential=credential,
        transport=RequestsTransport(session=session, connection_timeout=5, read_timeout=30),
        max_single_get_size=_MD5_RANGE,
        max_chunk_get_size=_MD5_RANGE,
        **patience,
    )


def entra_credential() -> "TokenCredential":
    """Microsoft's own chain: the environment, a workload's identity, a managed one, the Azure CLI."""
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError:
        raise ValueError(
            "no credentials; allowed: account_key_secret, sas_token_secret, connection_string_secret, or "
            "azure-identity in requirements for an identity of Microsoft Entra. Baseten's own (OIDC) is "
            "none: it reaches AWS and Google Cloud only"
        ) from None
    return DefaultAzureCredential()
