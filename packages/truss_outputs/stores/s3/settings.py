"""The settings of a bucket in S3, and which of them go together."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator

from truss_outputs.stores.s3.options import AddressingStyle, Encryption
from truss_outputs.stores.setting import Setting, Word, secret_setting

_REGION = re.compile(r"[a-z0-9-]{1,64}")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)

_OLDEST_REGION = "us-east-1"

# Of several variables that are set, the last one counts.
_VARIABLES = {
    "endpoint_url": ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
    "region": ("AWS_DEFAULT_REGION", "AWS_REGION"),
}


def _region(value: str) -> str:
    if not _REGION.fullmatch(value):
        raise ValueError(f"found {value!r}; allowed: a region's name, such as eu-west-1")
    return value


def _role_arn(value: str) -> str:
    if not _ROLE_ARN.fullmatch(value):
        raise ValueError(f"found {value!r}; allowed: a role, as arn:aws:iam::123456789012:role/name")
    return value


ACCESS = (
    Setting(
        name="region",
        type=Annotated[str, AfterValidator(_region)] | None,
        description="The bucket's region. By default the SDK's own choice.",
    ),
    secret_setting(
        "access_key_id_secret",
        "The name of the Truss secret that holds the access key id. By default the SDK's own credential "
        "chain is used.",
    ),
    secret_setting(
        "secret_access_key_secret", "The name of the Truss secret that holds the secret access key."
    ),
    secret_setting(
        "session_token_secret",
        "The name of the Truss secret that holds the session token of a temporary key.",
    ),
    Setting(
        name="role_arn",
        type=Annotated[str, AfterValidator(_role_arn)] | None,
        description="The AWS role to take with Baseten's OIDC token, so that no key is needed: "
        "`role_arn: arn:aws:iam::123456789012:role/name` and `region:` here, and at the top of config.yaml "
        "`runtime: {oidc: {enabled: true}}`.",
        kind="role",
    ),
)

OBJECTS = (
    Setting(
        name="addressing_style",
        type=AddressingStyle,
        default="auto",
        description="Where the bucket stands in S3's urls: `virtual`, `path`, or by default `auto`, which is "
        "`path` with an `endpoint_url`.",
    ),
    Setting(
        name="sse",
        type=Encryption | None,
        description="How S3 encrypts: `AES256` or `aws:kms`. By default as the bucket says.",
    ),
    Setting(
        name="kms_key_id",
        type=Word | None,
        description="The KMS key's id or ARN, with `sse: aws:kms`. By default the bucket's key.",
    ),
)


def check_settings(urls: Sequence[str], settings: Mapping[str, Any]) -> None:
    """Raises ValueError where only a part of a key, or two ways to have access, are named."""
    key_id, key = settings["access_key_id_secret"], settings["secret_access_key_secret"]
    if (key_id is None) != (key is None):
        raise ValueError("found one of access_key_id_secret and secret_access_key_secret; allowed: both")
    if settings["session_token_secret"] and not key_id:
        raise ValueError("found session_token_secret without access_key_id_secret; allowed: all three")
    if settings["role_arn"] and key_id:
        raise ValueError("found role_arn and access_key_id_secret; allowed: one of them")
    if settings["role_arn"] and not settings["region"]:
        raise ValueError("found role_arn without region; allowed: both")
    if settings["kms_key_id"] and settings["sse"] != "aws:kms":
        raise ValueError("found kms_key_id without sse; allowed: kms_key_id with sse: aws:kms")


def defaults(environ: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, str]:
    """The settings in AWS's own variables, which its SDK reads by itself and obstore does not."""
    found = {
        setting: environ[name] for setting, names in _VARIABLES.items() for name in names if environ.get(name)
    }
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        found.pop("endpoint_url", None)
    return found


def hosts(bucket: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The hosts that a replica calls: the bucket's, and for a role AWS's token service.

    In the oldest region the SDK calls another host than obstore.
    """
    region = settings["region"] or _OLDEST_REGION
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    of_role = (f"sts.{region}.{suffix}",) if settings["role_arn"] else ()
    endpoints = [f"s3.{region}.{suffix}"] if settings["engine"] != "sdk" or region != _OLDEST_REGION else []
    if region == _OLDEST_REGION and settings["engine"] != "obstore":
        endpoints.append(f"s3.{suffix}")
    is_virtual = settings["addressing_style"] == "virtual"
    if settings["endpoint_url"]:
        endpoints = [urlsplit(settings["endpoint_url"]).hostname or ""]
    elif settings["addressing_style"] == "auto":
        is_virtual = "." not in bucket
    return (*(f"{bucket}.{each}" if is_virtual else each for each in endpoints), *of_role)
