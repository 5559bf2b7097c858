"""Azure's client for a container, set up for results. The SDK is imported only when a client is made."""

from typing import TYPE_CHECKING, Any

from truss_outputs.stores.azure.account import Account
from truss_outputs.stores.credentials import NoAccess
from truss_outputs.stores.options import ANSWER_SECONDS

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import ContainerClient

_POOL = 32
_MD5_RANGE = 4 * 1024 * 1024  # the largest range with an MD5 (…/rest/api/storageservices/get-blob)


def connect(container: str, account: Account, *, answer_timeout: float = ANSWER_SECONDS) -> "ContainerClient":
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
    # One retry, after 0.3 ± 0.1 seconds: those that outlive an outage are the writer's. The SDK waits for the
    # first two of these together.
    retries: Any = {
        "retry_total": 1,
        "initial_backoff": 0.1,
        "increment_base": 0.2,
        "random_jitter_range": 0.1,
    }
    return ContainerClient(
        account.endpoint,
        container,
        credential=credential,
        # Of each send and receive, so a body's own way does not count; the first also of sending one.
        transport=RequestsTransport(
            session=session, connection_timeout=answer_timeout, read_timeout=answer_timeout
        ),
        max_single_get_size=_MD5_RANGE,
        max_chunk_get_size=_MD5_RANGE,
        **retries,
    )


def entra_credential() -> "TokenCredential":
    """Microsoft's own chain: the environment, a workload's identity, a managed one, the Azure CLI."""
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError:
        raise NoAccess(
            "no credentials; allowed: account_key_secret, sas_token_secret, connection_string_secret, or "
            "azure-identity in requirements for an identity of Microsoft Entra. Baseten's own (OIDC) is "
            "none: it reaches AWS and Google Cloud only"
        ) from None
    return DefaultAzureCredential()
