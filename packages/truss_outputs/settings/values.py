"""The values that the settings of a store may have. What is wrong with one is said in one line."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict

from truss_outputs.settings.secrets import SECRET_NAME
from truss_outputs.settings.url_template import expand
from truss_outputs.stores.url import StoreUrl

_REGION = re.compile(r"[a-z0-9-]{1,64}")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)
# learn.microsoft.com/azure/storage/common/storage-account-overview
_ACCOUNT_NAME = re.compile(r"[a-z0-9]{3,24}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY_NAME = re.compile(r"projects/[^/\s]+/locations/[^/\s]+/keyRings/[^/\s]+/cryptoKeys/[^/\s]+")
_TAG = re.compile(r"[\w +=.:/@-]*")
_MOST_TAGS = 10  # docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html


def _url(value: str) -> str:
    StoreUrl.parse(expand(value, {}))
    return value


def _endpoint_url(value: str) -> str:
    parts = urlsplit(value)
    if "@" in parts.netloc:
        raise ValueError("found a user name or password in the url; allowed: https://host")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"found {value!r}; allowed: https://host or http://host:port")
    return value


def _region(value: str) -> str:
    if not _REGION.fullmatch(value):
        raise ValueError(f"found {value!r}; allowed: a region's name, such as eu-west-1")
    return value


def _secret_name(value: str) -> str:
    if not SECRET_NAME.fullmatch(value):  # perhaps the secret itself, so it is not repeated
        raise ValueError(
            "found no secret's name; allowed: letters, digits, '_', '.' and '-', as under `secrets:`"
        )
    return value


def _role_arn(value: str) -> str:
    if not _ROLE_ARN.fullmatch(value):
        raise ValueError(f"found {value!r}; allowed: a role, as arn:aws:iam::123456789012:role/name")
    return value


def _account_name(value: str) -> str:
    if not _ACCOUNT_NAME.fullmatch(value):
        raise ValueError(f"found {value[:40]!r}; allowed: 3 to 24 lower-case letters and digits")
    return value


def _kms_key_name(value: str) -> str:
    if not _KEY_NAME.fullmatch(value):
        raise ValueError(f"found {value!r}; allowed: projects/P/locations/L/keyRings/R/cryptoKeys/K")
    return value


def _word(value: str) -> str:
    if not value.isprintable() or not value.isascii() or not value or " " in value or len(value) > 2048:
        raise ValueError(f"found {value[:40]!r}; allowed: one word of ASCII characters")
    return value


def _names(values: dict[str, str]) -> dict[str, str]:
    for name in values:
        if not _NAME.fullmatch(name):
            raise ValueError(f"found the name {name[:40]!r}; allowed: 1 to 64 letters, digits, '-' and '_'")
    return values


def _metadata(values: dict[str, str]) -> dict[str, str]:
    _names(values)
    for name, value in values.items():
        if not value.isascii() or not value.isprintable() or value != value.strip():
            raise ValueError(f"found {name}: {value[:40]!r}; allowed: printable ASCII characters")
    return values


def _tags(values: dict[str, str]) -> dict[str, str]:
    if len(values) > _MOST_TAGS:
        raise ValueError(f"found {len(values)} tags; allowed: at most {_MOST_TAGS}")
    for name, value in values.items():
        if not (1 <= len(name) <= 128 and len(value) <= 256 and _TAG.fullmatch(name + value)):
            raise ValueError(
                f"found {name[:40]!r}; allowed: a key of 1 to 128 and a value of up to 256 "
                "letters, digits, spaces and + - = . _ : / @"
            )
    return values


Url = Annotated[str, AfterValidator(_url)]
EndpointUrl = Annotated[str, AfterValidator(_endpoint_url)]
Region = Annotated[str, AfterValidator(_region)]
SecretName = Annotated[str, AfterValidator(_secret_name)]
RoleArn = Annotated[str, AfterValidator(_role_arn)]
AccountName = Annotated[str, AfterValidator(_account_name)]
KmsKeyName = Annotated[str, AfterValidator(_kms_key_name)]
Word = Annotated[str, AfterValidator(_word)]
Metadata = Annotated[dict[str, str], AfterValidator(_metadata)]
Tags = Annotated[dict[str, str], AfterValidator(_tags)]
Destinations = Annotated[dict[str, Url], AfterValidator(_names)]


class EnvironmentSettings(BaseModel):
    """What is otherwise in one environment."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Url
