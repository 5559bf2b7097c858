"""The settings of how results are handed over, each a section of its own in `model_metadata.truss_outputs`.

A section reports what is wrong with it as one ValueError in words, which the settings around it name.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

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
    if not SECRET_NAME.fullmatch(value) or value.startswith("whsec_"):  # perhaps the secret: not repeated
        raise ValueError("found no secret's name; allowed: letters, digits, '_', '.' and '-'")
    return value


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class ResponseSettings(_Settings):
    """What the caller and the webhook get."""

    form: Literal["reference", "inline", "both"] = "reference"
    # The platform names no limit for a webhook's body; this is its limit for a request's (256 KiB).
    inline_limit_bytes: int = Field(default=262_144, ge=0)
    presign_seconds: int | None = Field(default=None, ge=1, le=WEEK_SECONDS)


class FailureSettings(_Settings):
    """What is kept of an attempt that failed."""

    store: bool = True
    traceback: bool = False


class SignatureSettings(_Settings):
    """With which webhook secret a result is signed: the name of a Truss secret."""

    secret: Annotated[str, AfterValidator(_secret_name)]


class InputSettings(_Settings):
    """Which large inputs are read, and how much of them."""

    allowed_hosts: list[Annotated[str, AfterValidator(_host)]] = []
    limit_bytes: int = Field(default=1_073_741_824, ge=1)
    timeout_seconds: float = Field(default=30.0, gt=0, strict=False)


def _section_of(kind: type[_Section], *, shorthand: str | None = None) -> Callable[[Any], _Section]:
    """Reads a section. Mere text stands for the one setting that `shorthand` names."""
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
                raise ValueError(f"there is no setting {setting[:80]!r} in it; allowed: {names}") from error
            problem = first["msg"].removeprefix("Value error, ").replace("Input should be", "allowed:")
            raise ValueError(f"{setting}: {problem}") from error

    return read


ResponseSection = Annotated[
    ResponseSettings, BeforeValidator(_section_of(ResponseSettings, shorthand="form"))
]
FailureSection = Annotated[FailureSettings, BeforeValidator(_section_of(FailureSettings))]
SignatureSection = Annotated[
    SignatureSettings, BeforeValidator(_section_of(SignatureSettings, shorthand="secret"))
]
InputSection = Annotated[InputSettings, BeforeValidator(_section_of(InputSettings))]
