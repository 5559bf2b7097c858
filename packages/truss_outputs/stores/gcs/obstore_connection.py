"""Buckets in Google Cloud Storage as obstore knows them, set up for results. Nothing is sent yet."""

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.stores.gcs.client import credentials
from truss_outputs.stores.gcs.options import GCSOptions
from truss_outputs.stores.obstore.connection import Clients, Connection, attributes
from truss_outputs.stores.sdk_errors.xml_errors import answer

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

_ACTIONS = MappingProxyType(
    {
        "put": "storage.objects.create",
        "get": "storage.objects.get",
        "list": "storage.objects.list",
        "delete": "storage.objects.delete",
    }
)

_NO_KEY = "these credentials have no key to sign urls with; a service account's JSON key has one"


def connect(bucket: str, options: GCSOptions) -> Connection:
    """Connect to a bucket.

    Raises ImportError without obstore, or without google-auth where only it can find credentials.
    """
    from obstore.exceptions import BaseError
    from obstore.store import GCSStore

    config: dict[str, Any] = {"base_url": options.endpoint_url} if options.endpoint_url else {}
    provider: Any = None
    if options.is_plain:
        provider = _anonymous  # `skip_signature` would still ask the metadata address at each write
    elif options.service_account and '"service_account"' in options.service_account.get_secret_value():
        config["service_account_key"] = options.service_account.get_secret_value()
    else:
        from obstore.auth.google import GoogleCredentialProvider

        provider = GoogleCredentialProvider(credentials(options))

    def store(client: "ClientConfig", retry: "RetryConfig", in_parts: bool) -> GCSStore:
        return GCSStore(
            bucket,
            config=config,  # type: ignore[arg-type]
            client_options=client,
            retry_config=retry,
            credential_provider=provider,
        )

    try:
        clients = Clients(store, options, is_plain=options.is_plain)
    except BaseError as error:  # its text repeats a part of the key
        problem = f"no credentials could be had from service_account_secret: {type(error).__name__}"
        raise_alone(ValueError(problem))
    return Connection(
        clients=clients,
        actions=_ACTIONS,
        answer=answer,
        has_fixed_credentials=options.is_plain,
        attributes=attributes(options),
        cannot_sign=lambda path: None if "service_account_key" in config else _NO_KEY,
    )


def _anonymous() -> dict[str, Any]:
    """The token that is sent over http. Without one, obstore would look for a real one."""
    return {"token": "anonymous", "expires_at": None}
