"""The types of the settings that all buckets share. Each error fits in one line."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from truss_outputs.settings.url_template import expand
from truss_outputs.stores.url import StoreUrl, check_endpoint

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TAG = re.compile(r"[\w +=.:/@-]*")
_LONGEST_WRITE = 3_600  # our choice: no request to a model may take longer
_MOST_TAGS = 10  # docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html


def _url(value: str) -> str:
    StoreUrl.parse(expand(value, {}))
    return value


def _endpoint_url(value: str) -> str:
    check_endpoint(value)
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


def _write_timeout(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        found = type(value).__name__
    elif 1 <= value <= _LONGEST_WRITE:
        return float(value)
    else:
        found = f"{value:g}"
    raise ValueError(f"found {found}; allowed: a number of seconds from 1 to {_LONGEST_WRITE:,}")


Url = Annotated[str, AfterValidator(_url)]
EndpointUrl = Annotated[str, AfterValidator(_endpoint_url)]
Metadata = Annotated[dict[str, str], AfterValidator(_metadata)]
Tags = Annotated[dict[str, str], AfterValidator(_tags)]
WriteTimeout = Annotated[float, BeforeValidator(_write_timeout)]
Destinations = Annotated[dict[str, Url], AfterValidator(_names)]


class EnvironmentSettings(BaseModel):
    """The settings that differ in one environment."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Url
