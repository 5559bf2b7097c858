"""The sections of `model_metadata.truss_outputs`: answers, failures, signatures and inputs.

A section raises one ValueError in plain words; the settings around it add the key.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.stores.presigning import WEEK_SECONDS
from truss_outputs.stores.setting import SECRET_NAME

_HOST = re.compile(r"(\*\.)?([a-z0-9-]{1,63}\.)+[a-z0-9-]{1,63}")

_Section = TypeVar("_Section", bound=BaseModel)


def _host(value: str) -> str:
    host = value.lower()
    if not _HOST.fullmatch(host):
        raise ValueError(f"found {value[:80]!r}; allowed: a host such as files.example.com or *.example.com")
    return host


def _secret_name(value: str) -> str:
    if not SECRET_NAME.fullmatch(value) or value.startswith(
        "whsec_"
    ):  # perhaps the secret itself, so it is not repeated
        raise ValueError("found no secret's name; allowed: letters, digits, '_', '.' and '-'")
    return value


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class ResponseSettings(_Settings):
    """The answer to the caller and the webhook."""

    form: Literal["reference", "inline", "both"] = "reference"
    # The platform names no limit for a webhook's body; this is its limit for a request's (256 KiB).
    inline_limit_bytes: int = Field(default=262_144, ge=0)
    presign_seconds: int | None = Field(default=None, ge=1, le=WEEK_SECONDS)


class FailureSettings(_Settings):
    """The error record of a failed attempt."""

    store: bool = True
    traceback: bool = False


class SignatureSettings(_Settings):
    """The webhook secret that signs results: the name of a Truss secret."""

    secret: Annotated[str, AfterValidator(_secret_name)]


class InputSettings(_Settings):
    """Which references to large inputs are read, and up to which size."""

    allowed_hosts: list[Annotated[str, AfterValidator(_host)]] = []
    limit_bytes: int = Field(default=1_073_741_824, ge=1)
    timeout_seconds: float = Field(default=30.0, gt=0, strict=False)


def _section_of(kind: type[_Section], *, shorthand: str | None = None) -> Callable[[Any], _Section]:
    """A reader of one section. Text alone stands for the setting `shorthand`."""
    names = ", ".join(kind.model_fields)

    def read(value: Any) -> _Section:
        if isinstance(value, kind):
            return value
        if shorthand and isinstance(value, str):
            value = {shorthand: value}
        if not isinstance(value, Mapping):
            raise ValueError(f"found {type(value).__name__}; allowed: settings by name: {names}")
        try:
            return kind.model_validate(dict(value))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            setting = ".".join(map(str, first["loc"]))
            if first["type"] == "extra_forbidden":
                raise_alone(ValueError(f"there is no setting {setting[:80]!r} in it; allowed: {names}"))
            problem = first["msg"].removeprefix("Value error, ").replace("Input should be", "allowed:")
            raise_alone(ValueError(f"{setting}: {problem}"))

    return read


ResponseSection = Annotated[
    ResponseSettings, BeforeValidator(_section_of(ResponseSettings, shorthand="form"))
]
FailureSection = Annotated[FailureSettings, BeforeValidator(_section_of(FailureSettings))]
SignatureSection = Annotated[
    SignatureSettings, BeforeValidator(_section_of(SignatureSettings, shorthand="secret"))
]
InputSection = Annotated[InputSettings, BeforeValidator(_section_of(InputSettings))]
