"""The settings that say where results are stored, with which credentials, and how the bucket keeps them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from truss_outputs.errors import SettingsError
from truss_outputs.settings.secrets import SECTION, Secrets, secret
from truss_outputs.settings.url_template import expand
from truss_outputs.settings.values import (
    AccountName,
    Destinations,
    EndpointUrl,
    EnvironmentSettings,
    KmsKeyName,
    Metadata,
    Region,
    RoleArn,
    SecretName,
    Tags,
    Url,
    Word,
)
from truss_outputs.stores.azure.settings import ACCOUNT_SETTINGS, check_account
from truss_outputs.stores.credentials import Credentials, WebIdentity
from truss_outputs.stores.options import AddressingStyle, Encryption, Engine, StoreOptions
from truss_outputs.stores.url import StoreUrl

URL_VARIABLE = "TRUSS_OUTPUTS_URL"
TOKEN_VARIABLE = "B10_OIDC_TOKEN_PATH"  # noqa: S105  # a file's name; truss-examples, oidc-recipes/

# The settings that go by another name among a store's options, as they are secrets there and names here.
_OPTION_OF = {
    "access_key_id_secret": "credentials",
    "role_arn": "web_identity",
    "service_account_secret": "service_account",
    "account_key_secret": "account_key",
    "sas_token_secret": "sas_token",
    "connection_string_secret": "connection_string",
}
# Of which one is named, and that is an option itself.
_ALONE = ("service_account_secret", "account_key_secret", "sas_token_secret", "connection_string_secret")
_PLAIN_OPTIONS = (
    "engine",
    "endpoint_url",
    "region",
    "account_name",
    "addressing_style",
    "sse",
    "kms_key_id",
    "kms_key_name",
    "storage_class",
    "metadata",
    "tags",
)


class StoreSettings(BaseModel):
    """Where results go, and with which credentials."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Url = Field(
        description="Where results are stored: `s3://bucket/prefix`, `gs://bucket/prefix`, "
        "`az://container/prefix`, `file:///absolute/folder` or `memory://name`, with `{environment}`, "
        "`{model_id}` and `{deployment_id}` anywhere after the bucket. "
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
        description="What speaks to the bucket: `sdk` (boto3, google-cloud-storage, azure-storage-blob), "
        "`obstore`, or by default `auto`, which is obstore where it is installed.",
    )
    endpoint_url: EndpointUrl | None = Field(
        default=None,
        description="The server to ask instead of AWS, for a bucket that speaks S3 (R2, MinIO, Ceph, B2); or "
        "an Azure account's own endpoint, where that is not `https://NAME.blob.core.windows.net`.",
    )
    region: Region | None = Field(
        default=None, description="The bucket's region. By default the SDK's own choice."
    )
    access_key_id_secret: SecretName | None = Field(
        default=None,
        description="The name of the Truss secret that holds the access key id. By default the SDK's own "
        "credential chain is used.",
    )
    secret_access_key_secret: SecretName | None = Field(
        default=None, description="The name of the Truss secret that holds the secret access key."
    )
    session_token_secret: SecretName | None = Field(
        default=None,
        description="The name of the Truss secret that holds the session token of a temporary key.",
    )
    role_arn: RoleArn | None = Field(
        default=None,
        description="The AWS role to take with Baseten's OIDC token, so that no key is needed: "
        "`role_arn: arn:aws:iam::123456789012:role/name` and `region:` here, and at the top of config.yaml "
        "`runtime: {oidc: {enabled: true}}`.",
    )
    service_account_secret: SecretName | None = Field(
        default=None,
        description="The name of the Truss secret that holds the JSON key of a Google service account, or "
        "the JSON configuration of a workload identity. By default Google's own chain is used.",
    )
    account_name: AccountName | None = Field(
        default=None, description="The Azure storage account that the container of an `az://` url is in."
    )
    account_key_secret: SecretName | None = Field(
        default=None, description="The name of the Truss secret that holds the storage account's key."
    )
    sas_token_secret: SecretName | None = Field(
        default=None,
        description="The name of the Truss secret that holds a SAS token of the account or the container.",
    )
    connection_string_secret: SecretName | None = Field(
        default=None,
        description="The name of the Truss secret that holds the account's connection string, in place of "
        "`account_name` and a key. Without any of the three Microsoft's own chain is used.",
    )
    addressing_style: AddressingStyle = Field(
        default="auto",
        description="Where the bucket stands in S3's urls: `virtual`, `path`, or by default `auto`, which is "
        "`path` with an `endpoint_url`.",
    )
    sse: Encryption | None = Field(
        default=None, description="How S3 encrypts: `AES256` or `aws:kms`. By default as the bucket says."
    )
    kms_key_id: Word | None = Field(
        default=None, description="The KMS key's id or ARN, with `sse: aws:kms`. By default the bucket's key."
    )
    kms_key_name: KmsKeyName | None = Field(
        default=None,
        description="The Cloud KMS key that GCS encrypts with: "
        "`projects/P/locations/L/keyRings/R/cryptoKeys/K`.",
    )
    storage_class: Word | None = Field(
        default=None,
        description="The objects' storage class, such as `STANDARD_IA` (S3), `NEARLINE` (GCS) or `Cool` "
        "(Azure).",
    )
    metadata: Metadata = Field(default={}, description="Metadata for every object in a bucket, by name.")
    tags: Tags = Field(default={}, description="Tags for every object in S3, by name; at most 10.")

    _token_file: Path | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        is_half = (self.access_key_id_secret is None) != (self.secret_access_key_secret is None)
        if is_half:
            raise ValueError("found one of access_key_id_secret and secret_access_key_secret; allowed: both")
        if self.session_token_secret and not self.access_key_id_secret:
            raise ValueError("found session_token_secret without access_key_id_secret; allowed: all three")
        if self.role_arn and self.access_key_id_secret:
            raise ValueError("found role_arn and access_key_id_secret; allowed: one of them")
        if self.role_arn and not self.region:
            raise ValueError("found role_arn without region; allowed: both")
        if self.kms_key_id and self.sse != "aws:kms":
            raise ValueError("found kms_key_id without sse; allowed: kms_key_id with sse: aws:kms")
        check_account(self._urls(), self.model_dump(include=ACCOUNT_SETTINGS))
        if foreign := next(self._foreign(), None):
            raise ValueError(f"found {foreign}, which no store at {self.url!r} takes; allowed: leave it out")
        return self

    def _urls(self) -> list[str]:
        return [self.url, *(each.url for each in self.environments.values()), *self.destinations.values()]

    def _foreign(self) -> Iterator[str]:
        """Each setting that means nothing to any of the stores. Beside a mere folder all may stand."""
        taken = [StoreUrl.parse(expand(url, {})).options for url in self._urls()]
        if all(options is None for options in taken):
            return
        known = frozenset[str]().union(*(options for options in taken if options))
        for name in (*_PLAIN_OPTIONS, *_OPTION_OF):
            if getattr(self, name) not in (None, "auto", {}) and _OPTION_OF.get(name, name) not in known:
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
            raise SettingsError(f"{SECTION}.{setting}", str(error)) from error

    def options_for(self, url: str, secrets: Secrets) -> StoreOptions:
        """What the store at `url` takes of these settings. Raises SettingsError.

        Secrets are read only for a store that has use for them: who overrides the url with a folder of his
        own needs none.
        """
        taken = StoreUrl.parse(url).options or frozenset()
        role = self.role_arn
        named: dict[str, Any] = {
            _OPTION_OF[setting]: secret(secrets, setting, name)
            for setting in _ALONE
            if (name := getattr(self, setting)) and _OPTION_OF[setting] in taken
        }
        return StoreOptions(
            **{name: getattr(self, name) for name in _PLAIN_OPTIONS if name in taken},
            **named,
            credentials=self.credentials(secrets) if "credentials" in taken else None,
            web_identity=self._web_identity(role) if role and "web_identity" in taken else None,
        )

    def credentials(self, secrets: Secrets) -> Credentials | None:
        """The key in the named secrets, or None where none are named. Raises SettingsError."""
        if not (self.access_key_id_secret and self.secret_access_key_secret):
            return None
        token = self.session_token_secret
        return Credentials(
            access_key_id=secret(secrets, "access_key_id_secret", self.access_key_id_secret),
            secret_access_key=secret(secrets, "secret_access_key_secret", self.secret_access_key_secret),
            session_token=secret(secrets, "session_token_secret", token) if token else None,
        )

    def _web_identity(self, role_arn: str) -> WebIdentity:
        if not self._token_file:
            problem = f"{TOKEN_VARIABLE} is not set: add runtime: {{oidc: {{enabled: true}}}} to config.yaml"
            raise SettingsError(f"{SECTION}.role_arn", problem)
        return WebIdentity(role_arn=role_arn, token_file=self._token_file)
