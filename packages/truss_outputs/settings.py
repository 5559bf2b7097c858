"""The settings, read once where the model starts and checked there.

They stand in `config.yaml` under `model_metadata.truss_outputs`, the one part of it Truss leaves to the user.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Protocol, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from truss_outputs.credentials import Credentials
from truss_outputs.errors import SettingsError
from truss_outputs.store import Store
from truss_outputs.stores.url import StoreUrl, from_url

SECTION = "model_metadata.truss_outputs"
URL_VARIABLE = "TRUSS_OUTPUTS_URL"

_REGION = re.compile(r"[a-z0-9-]{1,64}")
_SECRET_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")


class Secrets(Protocol):
    """Truss's secrets: to be asked for one by name, and for nothing else."""

    def __getitem__(self, name: str, /) -> str:
        """The secret's value. Raises where it is not declared, or has none."""


def _url(value: str) -> str:
    StoreUrl.parse(value)
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
    if not _SECRET_NAME.fullmatch(value):  # perhaps the secret itself, so it is not repeated
        raise ValueError(
            "found no secret's name; allowed: letters, digits, '_', '.' and '-', as under `secrets:`"
        )
    return value


_SecretName = Annotated[str, AfterValidator(_secret_name)]


class OutputSettings(BaseModel):
    """Where results go, and with which credentials."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(_url)] = Field(
        description="Where results are stored: `s3://bucket/prefix`, `file:///absolute/folder` or "
        f"`memory://name`. The environment variable `{URL_VARIABLE}` wins over it."
    )
    endpoint_url: Annotated[str, AfterValidator(_endpoint_url)] | None = Field(
        default=None,
        description="The server to ask instead of AWS, for a bucket that speaks S3 (R2, MinIO, Ceph, B2).",
    )
    region: Annotated[str, AfterValidator(_region)] | None = Field(
        default=None, description="The bucket's region. By default the SDK's own choice."
    )
    access_key_id_secret: _SecretName | None = Field(
        default=None,
        description="The name of the Truss secret that holds the access key id. By default the SDK's own "
        "credential chain is used.",
    )
    secret_access_key_secret: _SecretName | None = Field(
        default=None, description="The name of the Truss secret that holds the secret access key."
    )
    session_token_secret: _SecretName | None = Field(
        default=None,
        description="The name of the Truss secret that holds the session token of a temporary key.",
    )

    @model_validator(mode="after")
    def _whole_key(self) -> Self:
        is_half = (self.access_key_id_secret is None) != (self.secret_access_key_secret is None)
        if is_half:
            raise ValueError("found one of access_key_id_secret and secret_access_key_secret; allowed: both")
        if self.session_token_secret and not self.access_key_id_secret:
            raise ValueError("found session_token_secret without access_key_id_secret; allowed: all three")
        return self

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
        values = {**section, "url": override} if override else dict(section)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _named(error, is_overridden=bool(override)) from error

    def open_store(self, secrets: Secrets) -> Store:
        """The store these settings describe, one for the whole process. Nothing is asked of it yet.

        Secrets are read only for a store that has use for them: who overrides the url with a folder of his
        own needs none. Raises SettingsError.
        """
        takes_credentials = StoreUrl.parse(self.url).takes_credentials
        return from_url(
            self.url,
            endpoint_url=self.endpoint_url,
            region=self.region,
            credentials=self.credentials(secrets) if takes_credentials else None,
            setting=f"{SECTION}.url",
        )

    def credentials(self, secrets: Secrets) -> Credentials | None:
        """The key in the named secrets, or None where none are named. Raises SettingsError."""
        if not (self.access_key_id_secret and self.secret_access_key_secret):
            return None
        token = self.session_token_secret
        return Credentials(
            access_key_id=_secret(secrets, "access_key_id_secret", self.access_key_id_secret),
            secret_access_key=_secret(secrets, "secret_access_key_secret", self.secret_access_key_secret),
            session_token=_secret(secrets, "session_token_secret", token) if token else None,
        )


def _secret(secrets: Secrets, setting: str, name: str) -> SecretStr:
    try:
        value = secrets[name].strip()  # a secret that Baseten mounts as a file may end in a newline
    except Exception as error:  # Truss's own class, if the secret is not declared and if it has no value
        raise _missing(setting, name) from error
    if not value:
        raise _missing(setting, name)
    return SecretStr(value)


def _missing(setting: str, name: str) -> SettingsError:
    return SettingsError(
        f"{SECTION}.{setting}",
        f"the secret {name!r} is missing: declare it in config.yaml under secrets: as '{name}: null' "
        f"and give it a value in Baseten (locally in the environment variable TRUSS_SECRET_{name})",
    )


def _named(error: ValidationError, *, is_overridden: bool) -> SettingsError:
    """The first of pydantic's complaints, in our words."""
    first = error.errors(include_url=False)[0]
    setting = ".".join(map(str, first["loc"]))
    key = URL_VARIABLE if setting == "url" and is_overridden else ".".join(filter(None, (SECTION, setting)))
    match first["type"]:
        case "extra_forbidden":
            problem = f"there is no such setting; allowed: {', '.join(OutputSettings.model_fields)}"
        case "missing":
            problem = "is missing; allowed: s3://bucket/prefix or file:///absolute/folder"
        case "value_error":
            problem = str(first["ctx"]["error"])
        case _:
            problem = f"found {type(first['input']).__name__}; allowed: text"
    return SettingsError(key, problem)
