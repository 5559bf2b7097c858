"""How to speak to a bucket. Each scheme has its own options on top, and `from_url` refuses all others."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self, TypeAlias

Engine: TypeAlias = Literal["auto", "sdk", "obstore"]

WRITE_TIMEOUT_SECONDS = 30.0
"""Our choice: it outlives an outage of 8 s with two stalls of one request."""

# The share of a write's time that one request may wait for its answer. Our choice: a request that is never
# answered costs one retry, and leaves time for two more.
_SHARE_OF_A_REQUEST = 0.25

ANSWER_SECONDS = WRITE_TIMEOUT_SECONDS * _SHARE_OF_A_REQUEST
"""The default of `StoreOptions.answer_timeout`."""


@dataclass(frozen=True, kw_only=True)
class StoreOptions:
    """The options that every bucket takes.

    None, "auto" and an empty mapping leave the choice to the service, or to the SDK.
    """

    engine: Engine = "auto"
    endpoint_url: str | None = None
    storage_class: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    write_timeout_seconds: float = WRITE_TIMEOUT_SECONDS
    unset_secrets: tuple[str, ...] = ()
    """The names of secrets that would give access, and have no value on this machine."""

    @classmethod
    def of_settings(cls, values: Mapping[str, Any]) -> Self:
        """The options that the settings stand for. `values` has each setting by name, secrets already read.

        The setting `x_secret` gives the option `x`; every other setting gives the option of its own name.
        """
        return cls(**{name.removesuffix("_secret"): value for name, value in values.items()})

    @classmethod
    def names(cls) -> frozenset[str]:
        """The names of all options."""
        return frozenset(each.name for each in fields(cls))

    @property
    def values(self) -> dict[str, Any]:
        """The options that differ from their defaults, by name."""
        values = {each.name: (getattr(self, each.name), each.default) for each in fields(self)}
        return {
            name: value for name, (value, default) in values.items() if value not in (None, default, {}, ())
        }

    @property
    def given(self) -> frozenset[str]:
        """The names of the options that differ from their defaults."""
        return frozenset(self.values)

    @property
    def answer_timeout(self) -> float:
        """The seconds after which a request without an answer has failed, not counting its body's way."""
        return self.write_timeout_seconds * _SHARE_OF_A_REQUEST

    @property
    def is_plain(self) -> bool:
        """Whether the endpoint is http, so that each request must sign its body."""
        return (self.endpoint_url or "").startswith("http:")
