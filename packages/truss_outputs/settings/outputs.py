"""The settings, read and checked once when the model starts.

They stand in `config.yaml` under `model_metadata.truss_outputs`: Truss leaves `model_metadata` to the user.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError

from truss_outputs.errors import SettingsError
from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.settings.secrets import SECTION, Secrets
from truss_outputs.settings.sections import (
    FailureSection,
    FailureSettings,
    InputSection,
    InputSettings,
    ResponseSection,
    ResponseSettings,
    SignatureSection,
)
from truss_outputs.settings.store import TOKEN_VARIABLE, URL_VARIABLE, StoreSettings
from truss_outputs.store import Store
from truss_outputs.stores.schemes import SCHEMES
from truss_outputs.stores.url import from_url
from truss_outputs.values.types.images import ImageFormat

__all__ = ["SECTION", "URL_VARIABLE", "OutputSettings", "Secrets"]


class OutputSettings(StoreSettings):
    """All settings: where results go, what gives access there, and what the caller gets."""

    images: ImageFormat = Field(
        default="PNG",
        description="The format of PIL images: `PNG`, `JPEG` or `WEBP`; a lossless one where it cannot hold "
        "the image.",
    )
    response: ResponseSection = Field(
        default=ResponseSettings(),
        description="What the caller and the webhook get: `reference`, `inline` or `both`; more in a section "
        "with `form`, `inline_limit_bytes` and `presign_seconds`.",
    )
    failures: FailureSection = Field(
        default=FailureSettings(),
        description="The error record of a failed attempt: `store` (true) and `traceback` (false).",
    )
    skip_stored: bool = Field(
        default=False,
        strict=True,
        description="Whether a decorated `predict` is skipped where an earlier attempt at the request has "
        "stored its result (false); costs one read a request. See Retries below.",
    )
    signature: SignatureSection | None = Field(
        default=None,
        description="The name of the Truss secret, a webhook secret, with which every result is signed.",
    )
    inputs: InputSection = Field(
        default=InputSettings(),
        description="Which input references are read: `allowed_hosts`, `limit_bytes` and `timeout_seconds`.",
    )

    @classmethod
    def from_config(cls, config: Mapping[str, Any], environ: Mapping[str, str]) -> Self:
        """The settings of a Truss, from its whole `config`. Raises SettingsError."""
        section: Any = config
        for place in SECTION.split("."):
            section = section.get(place) or {}
            if not isinstance(section, Mapping):
                found = type(section).__name__
                raise SettingsError(SECTION, f"found {found}; allowed: settings by name, such as url")
        override = environ.get(URL_VARIABLE)
        values = _overridden(section, override) if override else dict(section)
        scheme = SCHEMES.get(str(values.get("url")).partition("://")[0])
        if scheme is not None:
            values = {**scheme.defaults(environ, values), **values}
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            raise_alone(_named(error, is_overridden=bool(override)))  # as pydantic keeps the values
        token_file = environ.get(TOKEN_VARIABLE)
        settings._token_file = Path(token_file) if token_file else None
        return settings

    def open_store(self, secrets: Secrets, *, url: str | None = None) -> Store:
        """The store at `url`, which `url_for` gave, or by default at `url_for()`. Nothing is asked yet.

        Open each url once for the whole process. Raises SettingsError.
        """
        url = url or self.url_for()
        return from_url(url, options=self.options_for(url, secrets), setting=f"{SECTION}.url")


def _overridden(section: Mapping[str, Any], url: str) -> dict[str, Any]:
    """The settings with every result going to `url`, whatever the environment or destination."""
    destinations = section.get("destinations")
    names = destinations if isinstance(destinations, Mapping) else {}
    return {**section, "url": url, "environments": {}, "destinations": dict.fromkeys(names, url)}


def _named(error: ValidationError, *, is_overridden: bool) -> SettingsError:
    """The first of pydantic's errors as a SettingsError."""
    first = error.errors(include_url=False)[0]
    setting = ".".join(map(str, first["loc"]))
    key = URL_VARIABLE if setting == "url" and is_overridden else ".".join(filter(None, (SECTION, setting)))
    match first["type"]:
        case "extra_forbidden" if len(first["loc"]) == 1:
            near = get_close_matches(str(first["loc"][0]), OutputSettings.model_fields, n=1)
            meant = f"did you mean {near[0]}? " if near else ""
            problem = f"there is no such setting; {meant}allowed: {', '.join(OutputSettings.model_fields)}"
        case "extra_forbidden":
            problem = "there is no such setting; allowed: those that the README lists"
        case "literal_error":
            found = (
                repr(first["input"])[:40]
                if isinstance(first["input"], str)
                else type(first["input"]).__name__
            )
            problem = f"found {found}; allowed: {first['ctx']['expected']}"
        case "dict_type" | "model_type":
            problem = f"found {type(first['input']).__name__}; allowed: settings by name"
        case "missing":
            problem = "is missing; allowed: s3://bucket/prefix or file:///absolute/folder"
        case "value_error":
            problem = str(first["ctx"]["error"])
        case _:
            problem = f"found {type(first['input']).__name__}; allowed: text"
    return SettingsError(key, problem)
