"""Buckets as obstore knows them, set up for results. Nothing is sent yet."""

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from truss_outputs.stores.gcs import client as gcs_client
from truss_outputs.stores.obstore import credentials as obstore_credentials
from truss_outputs.stores.obstore.credentials import Asked
from truss_outputs.stores.obstore.store import Connection
from truss_outputs.stores.options import StoreOptions

if TYPE_CHECKING:
    from obstore.store import BackoffConfig, ClientConfig, RetryConfig

_DEFAULT_REGION = "us-east-1"

_BACKOFF: "BackoffConfig" = {
    "init_backoff": timedelta(milliseconds=100),
    "max_backoff": timedelta(seconds=2),
    "base": 2,
}
# Whoever puts bytes tries again himself; a part of a stream that has passed cannot be asked for again.
QUICK: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=5), "backoff": _BACKOFF}
PATIENT: "RetryConfig" = {"max_retries": 20, "retry_timeout": timedelta(seconds=30), "backoff": _BACKOFF}

# What goes up in parts is hashed here already, and its SHA-256 stands in the result. A second one, of each
# part, would take as long again; this checksum takes next to nothing (S3's own choice where none is named:
# docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html).
_IN_PARTS = MappingProxyType({"checksum_algorithm": "CRC64NVME", "unsigned_payload": True})

_NO_KEY = "these credentials have no key to sign urls with; a service account's JSON key has one"


def connect_s3(bucket: str, options: StoreOptions) -> Connection:
    """Raises ImportError without obstore, or without boto3 where only its chain can find credentials."""
    from obstore.store import S3Store

    region, asked = _s3_access(options)
    config: dict[str, Any] = {
        "region": region,
        "checksum_algorithm": "SHA256",
        "unsigned_payload": not options.is_plain,  # TLS and the checksum guard the body already
        "disable_bulk_delete": True,  # which not every server has
        **_s3_addressing(bucket, options),
    }
    if options.sse:
        config["server_side_encryption"] = options.sse
    if options.kms_key_id:
        config["sse_kms_key_id"] = options.kms_key_id

    def store(retry: "RetryConfig", **more: Any) -> S3Store:
        return S3Store(
            bucket,
            config={**config, **more},  # type: ignore[arg-type]
            client_options=client_config(is_plain=options.is_plain),
            retry_config=retry,
            credential_provider=asked,
        )

    return Connection(
        quick=store(QUICK),
        patient=store(PATIENT, **_IN_PARTS),
        credentials=asked,
        attributes=attributes(options),
        tags=options.tags,
    )


def connect_gs(bucket: str, options: StoreOptions) -> Connection:
    """Raises ImportError without obstore, or without google-auth where only it can find credentials."""
    from obstore.store import GCSStore

    config: dict[str, Any] = {"base_url": options.endpoint_url} if options.endpoint_url else {}
    provider: Any = None
    if options.is_plain:
        provider = _anonymous  # `skip_signature` would still ask the metadata address at each write
    elif options.service_account and '"service_account"' in options.service_account.get_secret_value():
        config["service_account_key"] = options.service_account.get_secret_value()
    else:
        from obstore.auth.google import GoogleCredentialProvider

        provider = GoogleCredentialProvider(gcs_client.credentials(options))

    def store(retry: "RetryConfig") -> GCSStore:
        return GCSStore(
            bucket,
            config=config,  # type: ignore[arg-type]
            client_options=client_config(is_plain=options.is_plain),
            retry_config=retry,
            credential_provider=provider,
        )

    return Connection(
        quick=store(QUICK),
        patient=store(PATIENT),
        attributes=attributes(options),
        cannot_sign=lambda path: None if "service_account_key" in config else _NO_KEY,
    )


def _anonymous() -> dict[str, Any]:
    """What is sent over an open connection in place of a token: left without, obstore looks for one."""
    return {"token": "anonymous", "expires_at": None}


def _s3_access(options: StoreOptions) -> tuple[str, Asked]:
    region = options.region or _DEFAULT_REGION
    if options.credentials:
        return region, obstore_credentials.static(options.credentials)
    if options.web_identity:
        return region, obstore_credentials.lent_role(
            options.web_identity, url=obstore_credentials.sts_url(region)
        )
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        session = boto3.session.Session()
        region = options.region or session.region_name or _DEFAULT_REGION
    except BotoCoreError as error:
        raise ValueError(f"the SDK refused: {type(error).__name__}") from error
    return region, obstore_credentials.sdk_chain(session)


def _s3_addressing(bucket: str, options: StoreOptions) -> dict[str, Any]:
    """By default as AWS wants it, or as every other server understands it, whatever its host name."""
    is_path = options.addressing_style == "path" or (
        options.addressing_style == "auto" and (options.endpoint_url is not None or "." in bucket)
    )
    if not options.endpoint_url:
        return {"virtual_hosted_style_request": not is_path}
    if is_path:
        return {"endpoint": options.endpoint_url, "virtual_hosted_style_request": False}
    parts = urlsplit(options.endpoint_url)
    endpoint = urlunsplit(parts._replace(netloc=f"{bucket}.{parts.netloc}"))
    return {"endpoint": endpoint, "virtual_hosted_style_request": True}


def attributes(options: StoreOptions) -> dict[str, str]:
    """What every put says of its object, in obstore's words."""
    storage_class = {"Storage-Class": options.storage_class} if options.storage_class else {}
    return {**options.metadata, **storage_class}


def client_config(*, is_plain: bool) -> "ClientConfig":
    """How to speak HTTP, in clear only where the endpoint is so."""
    return {
        "allow_http": is_plain,
        "connect_timeout": timedelta(seconds=5),
        "read_timeout": timedelta(seconds=30),
        "timeout": timedelta(hours=1),  # of a whole download
    }
