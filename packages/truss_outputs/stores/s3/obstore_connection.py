"""Buckets in S3 as obstore knows them, set up for results. Nothing is sent yet."""

from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.stores.obstore.connection import Clients, Connection, attributes
from truss_outputs.stores.s3 import obstore_credentials
from truss_outputs.stores.s3.options import S3Options
from truss_outputs.stores.sdk_errors.xml_errors import answer

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

_DEFAULT_REGION = "us-east-1"

_ACTIONS = MappingProxyType(
    {
        "put": "s3:PutObject",
        "get": "s3:GetObject",
        "list": "s3:ListBucket",
        "delete": "s3:DeleteObject",
    }
)

# A body sent in parts is hashed here already, and its SHA-256 stands in the result. A second hash, of each
# part, would take as long again; this checksum takes next to nothing (S3's own choice where none is named:
# docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html).
_IN_PARTS = MappingProxyType({"checksum_algorithm": "CRC64NVME", "unsigned_payload": True})


def connect(bucket: str, options: S3Options) -> Connection:
    """Connect to a bucket.

    Raises ImportError without obstore, or without boto3 where only its chain can find credentials.
    """
    from obstore.store import S3Store

    region, provider = _access(options)
    config: dict[str, Any] = {
        "region": region,
        "checksum_algorithm": "SHA256",
        "unsigned_payload": not options.is_plain,  # TLS and the checksum guard the body already
        "disable_bulk_delete": True,  # not every server has it
        **_addressing(bucket, options),
    }
    if options.sse:
        config["server_side_encryption"] = options.sse
    if options.kms_key_id:
        config["sse_kms_key_id"] = options.kms_key_id

    def store(client: "ClientConfig", retry: "RetryConfig", in_parts: bool) -> S3Store:
        return S3Store(
            bucket,
            config={**config, **(_IN_PARTS if in_parts else {})},  # type: ignore[arg-type]
            client_options=client,
            retry_config=retry,
            credential_provider=provider,
        )

    return Connection(
        clients=Clients(store, options, is_plain=options.is_plain),
        actions=_ACTIONS,
        answer=answer,
        credentials=provider,
        has_fixed_credentials=options.credentials is not None,
        attributes=attributes(options),
        tags=options.tags,
    )


def _access(options: S3Options) -> tuple[str, obstore_credentials.CredentialProvider]:
    region = options.region or _DEFAULT_REGION
    if options.credentials:
        return region, obstore_credentials.static(options.credentials)
    if options.web_identity:
        return region, obstore_credentials.assumed_role(
            options.web_identity, url=obstore_credentials.sts_url(region)
        )
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        session = boto3.session.Session()
        region = options.region or session.region_name or _DEFAULT_REGION
    except BotoCoreError as error:
        raise_alone(ValueError(f"the SDK refused: {type(error).__name__}"))
    return region, obstore_credentials.sdk_chain(session, options.unset_secrets)


def _addressing(bucket: str, options: S3Options) -> dict[str, Any]:
    """The bucket's address: in AWS as AWS wants it, elsewhere by default as every server understands it."""
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
