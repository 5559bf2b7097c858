"""The SDK's client for S3, set up for results.

The SDK is imported only here, and only when a client is made.
"""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.stores.credentials import Credentials, WebIdentity
from truss_outputs.stores.options import ANSWER_SECONDS
from truss_outputs.stores.s3.options import AddressingStyle, S3Options

if TYPE_CHECKING:
    from boto3.session import Session
    from mypy_boto3_s3.client import S3Client

# For a smaller body, waiting for "100 Continue" costs more than sending what the server may refuse.
_SMALL = 1_000_000


def connect(
    *,
    endpoint_url: str | None = None,
    region: str | None = None,
    credentials: Credentials | None = None,
    web_identity: WebIdentity | None = None,
    addressing_style: AddressingStyle = "auto",
    answer_timeout: float = ANSWER_SECONDS,
) -> "S3Client":
    """A client for all threads and the whole process. Without a key or a role the SDK's own chain finds one.

    Raises ImportError without boto3, and ValueError where the SDK rejects what it was given. Nothing is sent
    yet.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    if endpoint_url and addressing_style == "auto":
        addressing_style = "path"  # what every server understands, whatever its host name
    s3: Any = {"addressing_style": addressing_style}
    if not (endpoint_url or "").startswith("http:"):
        s3["payload_signing_enabled"] = False  # TLS and the signed checksum guard the body already
    config = Config(
        # Two tries, as the retries that outlive an outage are the writer's; "adaptive" slows all requests.
        retries={"mode": "standard", "max_attempts": 2},
        connect_timeout=answer_timeout,  # also that of sending the first body on a connection
        read_timeout=answer_timeout,  # of each send and receive, so a body's own way does not count
        max_pool_connections=32,
        request_checksum_calculation="when_required",  # each put sends its own
        s3=s3,
    )
    keys = credentials.model_dump() if credentials else {}
    revealed = {f"aws_{name}": secret.get_secret_value() for name, secret in keys.items() if secret}
    try:
        # A session of its own, as the SDK's default one may not be used from several threads.
        session = boto3.session.Session(**revealed, region_name=region)
        if web_identity and not credentials:
            session = _with_role(web_identity, region)
        client = session.client("s3", endpoint_url=endpoint_url, config=config)
    except BotoCoreError as error:
        raise_alone(ValueError(f"the SDK refused: {type(error).__name__}"))
    _expect_continue_for_large_bodies_only(client)
    _sign_no_part(client)
    _sign_urls_as_requests(client)
    return client


def attributes(options: S3Options) -> dict[str, Any]:
    """The arguments with which every put describes its object, by the SDK's names."""
    named = {
        "ServerSideEncryption": options.sse,
        "SSEKMSKeyId": options.kms_key_id,
        "StorageClass": options.storage_class,
        "Metadata": dict(options.metadata),
        "Tagging": urlencode(options.tags),
    }
    return {name: value for name, value in named.items() if value}


def _with_role(identity: WebIdentity, region: str | None) -> "Session":
    """A session that takes credentials from the role only."""
    import boto3
    import botocore.session
    from botocore.credentials import AssumeRoleWithWebIdentityProvider, CredentialResolver

    profile = {
        "role_arn": identity.role_arn,
        "role_session_name": identity.session_name,
        "web_identity_token_file": str(identity.token_file),
    }
    inner = botocore.session.get_session()
    provider = AssumeRoleWithWebIdentityProvider(
        load_config=lambda: {"profiles": {"truss-outputs": profile}},
        client_creator=lambda service, **given: inner.create_client(service, region_name=region, **given),
        profile_name="truss-outputs",
        disable_env_vars=True,
    )
    inner.register_component("credential_provider", CredentialResolver([provider]))
    return boto3.session.Session(botocore_session=inner, region_name=region)


def _expect_continue_for_large_bodies_only(client: "S3Client") -> None:
    """Spare every small put one round trip, 46 → 24 ms where the server is 20 ms away."""
    from botocore.handlers import add_expect_header
    from botocore.utils import determine_content_length

    def expect(model: Any, params: dict[str, Any], **kwargs: Any) -> None:
        length = determine_content_length(params.get("body"))
        if length is None or length > _SMALL:
            add_expect_header(model, params, **kwargs)

    client.meta.events.unregister("before-call.s3", add_expect_header)
    client.meta.events.register("before-call.s3", expect)


def _sign_no_part(client: "S3Client") -> None:
    """Spare each part a SHA-256, also over http: its CRC-32 is signed, and the reader checks the whole."""
    from botocore.config import Config

    config: Any = client.meta.config
    s3: Any = {**config.s3, "payload_signing_enabled": False}
    unsigned = config.merge(Config(s3=s3))

    def sign(context: dict[str, Any], **kwargs: Any) -> None:
        context["client_config"] = unsigned

    client.meta.events.register("before-call.s3.UploadPart", sign)


def _sign_urls_as_requests(client: "S3Client") -> None:
    """In the oldest regions the SDK still signs urls with SigV2, which most other servers refuse."""

    def signer(signature_version: str, **kwargs: Any) -> str | None:
        return "s3v4-query" if signature_version in ("v4-query", "s3v4-query") else None

    events: Any = client.meta.events
    events.register_first("choose-signer.s3", signer)
