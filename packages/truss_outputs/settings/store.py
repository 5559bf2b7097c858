"""The settings that say where results are stored, what gives access there, and how the bucket keeps them.

The keys that only some schemes take are derived from their `SCHEME` objects.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, create_model, model_validator

from truss_outputs.errors import SettingsError
from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.secrecy.urls import shown_url
from truss_outputs.settings.secrets import SECTION, Secrets, secret
from truss_outputs.settings.url_template import expand
from truss_outputs.settings.values import (
    Destinations,
    EndpointUrl,
    EnvironmentSettings,
    Metadata,
    Tags,
    Url,
    WriteTimeout,
)
from truss_outputs.stores.credentials import WebIdentity
from truss_outputs.stores.options import WRITE_TIMEOUT_SECONDS, Engine, StoreOptions
from truss_outputs.stores.schemes import SCHEMES
from truss_outputs.stores.setting import Setting, Word
from truss_outputs.stores.url import StoreUrl

URL_VARIABLE = "TRUSS_OUTPUTS_URL"
TOKEN_VARIABLE = "B10_OIDC_TOKEN_PATH"  # noqa: S105  # a file's name; truss-examples, oidc-recipes/

_OF_SCHEMES: dict[str, Setting] = {
    setting.name: setting
    for group in (
        *(scheme.access for scheme in SCHEMES.values()),
        *(scheme.objects for scheme in SCHEMES.values()),
    )
    for setting in group
}
_ACCESS = tuple(name for name, setting in _OF_SCHEMES.items() if setting.kind != "plain")

# A bucket's url first, then that of a place which is no bucket.
_EXAMPLES = [f"`{each.example}`" for each in sorted(SCHEMES.values(), key=lambda each: each.options is None)]


class _Places(BaseModel):
    """Where results go. These keys stand first wherever the settings are listed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Url = Field(
        description=f"Where results are stored: {', '.join(_EXAMPLES[:-1])} or {_EXAMPLES[-1]}, with "
        "`{environment}`, `{model_id}` and `{deployment_id}` anywhere after the bucket. "
        f"The environment variable `{URL_VARIABLE}` wins over it, and over the two below."
    )
    environments: dict[str, EnvironmentSettings] = Field(
        default={},
        description="Another `url` for some environments: `environments: {production: {url: s3://other}}`.",
    )
    destinations: Destinations = Field(
        default={},
        description="Further places, among which a request chooses by name: `destinations: {eu: s3://other}`.",
    )
    engine: Engine = Field(
        default="auto",
        description="What speaks to the bucket: `sdk` "
        f"({', '.join(each.sdk for each in SCHEMES.values() if each.sdk)}), "
        "`obstore`, or by default `auto`, which is obstore where it is installed.",
    )
    endpoint_url: EndpointUrl | None = Field(
        default=None,
        description="The server to ask instead of AWS, for a bucket that speaks S3 (R2, MinIO, Ceph, B2); or "
        "an Azure account's own endpoint, where that is not `https://NAME.blob.core.windows.net`.",
    )


if TYPE_CHECKING:

    class _PlacesAndAccess(_Places):
        def __getattr__(self, name: str) -> Any: ...  # the keys of the schemes

else:
    _PlacesAndAccess = create_model(
        "_PlacesAndAccess",
        __base__=_Places,
        **{
            name: (setting.type, Field(default=setting.default, description=setting.description))
            for name, setting in _OF_SCHEMES.items()
        },
    )


class StoreSettings(_PlacesAndAccess):
    """Where results go, and what gives access there."""

    storage_class: Word | None = Field(
        default=None,
        description="The objects' storage class, such as `STANDARD_IA` (S3), `NEARLINE` (GCS) or `Cool` "
        "(Azure).",
    )
    metadata: Metadata = Field(default={}, description="Metadata for every object in a bucket, by name.")
    tags: Tags = Field(default={}, description="Tags for every object in S3, by name; at most 10.")

    write_timeout_seconds: WriteTimeout = Field(
        default=WRITE_TIMEOUT_SECONDS,
        description="The most seconds that storing one result may take, retries included (30), and 1 second "
        "more for each MB; from 1 to 3,600. A request to the bucket gets a quarter of them.",
    )

    _token_file: Path | None = PrivateAttr(default=None)
    _unset_secrets: tuple[str, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        urls, values = self._urls(), self._values()
        for scheme in SCHEMES.values():
            scheme.check_settings(urls, values)
        if foreign := next(self._foreign(), None):
            raise ValueError(
                f"found {foreign}, which no store at {shown_url(self.url)!r} takes; allowed: leave it out"
            )
        return self

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields}

    def _urls(self) -> list[str]:
        return [self.url, *(each.url for each in self.environments.values()), *self.destinations.values()]

    def _foreign(self) -> Iterator[str]:
        """Each setting that none of the stores takes. Where no store is a bucket, all may stand."""
        buckets = [scheme for url in self._urls() if (scheme := _parsed(url).scheme).options is not None]
        if not buckets:
            return
        known = frozenset[str]().union(*(scheme.known_settings for scheme in buckets))
        fields = StoreSettings.model_fields
        for name in (*(name for name in fields if name not in _ACCESS), *_ACCESS):
            is_of_buckets = any(name in scheme.known_settings for scheme in SCHEMES.values())
            if is_of_buckets and name not in known and getattr(self, name) != fields[name].default:
                yield name

    def url_for(
        self,
        *,
        environment: str | None = None,
        destination: str | None = None,
        model_id: str | None = None,
        deployment_id: str | None = None,
    ) -> str:
        """The url to write to: the destination's if one is named, the environment's own, or `url`.

        Placeholders are filled in. Raises SettingsError for a destination that the settings do not name, and
        for a value that cannot stand in a url.
        """
        setting, template = "url", self.url
        if destination is not None:
            setting = "destinations"
            if destination not in self.destinations:
                allowed = ", ".join(self.destinations) or "none, as the settings name none"
                problem = f"there is no destination {destination[:40]!r}; allowed: {allowed}"
                raise SettingsError(f"{SECTION}.{setting}", problem)
            template = self.destinations[destination]
        elif environment in self.environments:
            setting, template = f"environments.{environment}.url", self.environments[environment].url
        values = {"environment": environment, "model_id": model_id, "deployment_id": deployment_id}
        try:
            return expand(template, values)
        except ValueError as error:
            raise_alone(SettingsError(f"{SECTION}.{setting}", str(error)))

    def options_for(self, url: str, secrets: Secrets) -> StoreOptions:
        """The options of the store at `url`, of its scheme's own class. Raises SettingsError.

        Secrets are read only for a store that takes them: a developer who overrides the url with a folder
        needs none.
        """
        scheme = StoreUrl.parse(url).scheme
        if scheme.options is None:
            return StoreOptions()
        values = {name: value for name, value in self._values().items() if name in scheme.known_settings}
        for setting in scheme.own_settings:
            values[setting.name] = self._revealed(setting, values[setting.name], secrets)
        return scheme.options.of_settings({**values, "unset_secrets": self._unset_secrets})

    def requirements(self, url: str) -> Iterator[tuple[str, ...]]:
        """The packages that the store at `url` needs in an image; see `Scheme.requirements`."""
        return StoreUrl.parse(url).scheme.requirements(self._values())

    def hosts(self, url: str) -> tuple[str, ...]:
        """The hosts that a replica calls for the store at `url`; see `Scheme.hosts`."""
        parsed = StoreUrl.parse(url)
        return parsed.scheme.hosts(parsed.place, self._values())

    @property
    def secret_names(self) -> frozenset[str]:
        """The names of the Truss secrets that give access to the store."""
        names = (getattr(self, name) for name in _ACCESS if _OF_SCHEMES[name].kind == "secret")
        return frozenset(filter(None, names))

    def without_access(self) -> Self:
        """The same settings for a caller, whose own access the service's SDK finds.

        Where it finds none, the error says which of the secrets to set.
        """
        copy = self.model_copy(update=dict.fromkeys(_ACCESS))
        copy._unset_secrets = tuple(sorted(self.secret_names))
        return copy

    def _revealed(self, setting: Setting, value: Any, secrets: Secrets) -> Any:
        if value is None or setting.kind == "plain":
            return value
        if setting.kind == "secret":
            return secret(secrets, setting.name, value)
        if not self._token_file:
            problem = f"{TOKEN_VARIABLE} is not set: add runtime: {{oidc: {{enabled: true}}}} to config.yaml"
            raise SettingsError(f"{SECTION}.{setting.name}", problem)
        return WebIdentity(role_arn=value, token_file=self._token_file)


def _parsed(template: str) -> StoreUrl:
    return StoreUrl.parse(expand(template, {}))
