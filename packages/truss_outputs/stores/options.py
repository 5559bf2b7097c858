"""How to speak to a bucket. Each scheme has its own options on top, and `from_url` refuses all others."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self, TypeAlias

Engine: TypeAlias = Literal["auto", "sdk", "obstore"]


@dataclass(frozen=True, kw_only=True)
class StoreOptions:
    """The options that every bucket takes.

    None, "auto" and an empty mapping leave the choice to the service, or to the SDK.
    """

    engine: Engine = "auto"
    endpoint_url: str | None = None
    storage_class: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

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
        """The options that are set, by name."""
        values = {name: getattr(self, name) for name in self.names()}
        return {name: value for name, value in values.items() if value not in (None, "auto", {})}

    @property
    def given(self) -> frozenset[str]:
        """The names of the options that are set."""
        return frozenset(self.values)

    @property
    def is_plain(self) -> bool:
        """Whether the endpoint is http, so that each request must sign its body."""
        return (self.endpoint_url or "").startswith("http:")
