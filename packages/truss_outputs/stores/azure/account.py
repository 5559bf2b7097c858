"""The storage account that an `az://` url is about, and its credentials."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.secrecy.urls import shown_url
from truss_outputs.stores.azure.options import AzureOptions

_PUBLIC_CLOUD = "core.windows.net"

# The tiers whose blobs can be read at once: learn.microsoft.com/azure/storage/blobs/access-tiers-overview
_TIERS = ("Hot", "Cool", "Cold")

# The variables of the Azure CLI; the second of each pair is the name that adlfs and obstore read.
_NAMES = ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ACCOUNT_NAME")
_KEYS = ("AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_KEY")
_CONNECTION_STRING = "AZURE_STORAGE_CONNECTION_STRING"
_SAS_TOKEN = "AZURE_STORAGE_SAS_TOKEN"  # noqa: S105  # a variable's name


@dataclass(frozen=True, kw_only=True)
class Account:
    """A storage account. The url of a container begins with its `endpoint`.

    Without a key and a SAS token, tokens of Microsoft Entra give access.
    """

    name: str
    endpoint: str
    key: SecretStr | None = None
    sas_token: SecretStr | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the endpoint is http, so that bytes are sent unencrypted."""
        return self.endpoint.startswith("http:")


def account_of(options: AzureOptions, environ: Mapping[str, str]) -> Account:
    """The account that the options name, or else the variables of the Azure CLI.

    A key or token in a variable counts only where the options have none, and only for the account that the
    variables themselves name, if any. Raises ValueError, whose message holds no key.
    """
    key, sas_token = options.account_key, options.sas_token
    parts = _parts(options.connection_string)
    if not (key or sas_token or parts):
        found = _parts(_variable(environ, _CONNECTION_STRING))
        owner = _name_in(found) or _first(environ, _NAMES)
        wanted = options.account_name or _name_of(options.endpoint_url or "")
        if not owner or not wanted or owner == wanted:
            parts = found
            if not parts:
                key, sas_token = _variable(environ, *_KEYS), _variable(environ, _SAS_TOKEN)
    key = key or _secret(parts.get("accountkey"))
    sas_token = sas_token or _secret(parts.get("sharedaccesssignature"))
    named = options.account_name or _name_in(parts)
    endpoint = options.endpoint_url or parts.get("blobendpoint")
    if not endpoint:
        named = named or _first(environ, _NAMES)
        if not named:
            raise ValueError("found no storage account; allowed: account_name, or connection_string_secret")
        protocol = parts.get("defaultendpointsprotocol", "https")
        endpoint = f"{protocol}://{named}.blob.{parts.get('endpointsuffix', _PUBLIC_CLOUD)}"
    if key:
        _check_key(key)
    account = Account(
        name=named or _name_of(endpoint),
        endpoint=endpoint.rstrip("/"),
        key=key,
        sas_token=None if key or not sas_token else SecretStr(sas_token.get_secret_value().lstrip("?")),
    )
    if account.is_plain and not (key or sas_token):
        raise ValueError(
            f"found {shown_url(endpoint)!r} without a key; allowed: https, as identities of Microsoft Entra "
            "send tokens"
        )
    return account


def check_options(options: AzureOptions) -> None:
    """Raises ValueError for values that Azure does not allow, though other services do."""
    if options.storage_class not in (None, *_TIERS):
        raise ValueError(f"found storage_class {options.storage_class!r}; allowed: {', '.join(_TIERS)}")
    for name in options.metadata:
        if not name.isidentifier():
            raise ValueError(f"found the metadata name {name!r}; allowed on Azure: letters, digits and '_'")


def named_in(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings that name an account in the variables of the Azure CLI. No key is among them."""
    parts = _parts(_variable(environ, _CONNECTION_STRING))
    name = _name_in(parts) or _first(environ, _NAMES)
    named = {"account_name": name, "endpoint_url": parts.get("blobendpoint")}
    return {setting: value for setting, value in named.items() if value}


def _parts(text: SecretStr | None) -> dict[str, str]:
    """The parts of a connection string, as the portal shows it, by their names in lower case."""
    if text is None:
        return {}
    pairs = [each.partition("=") for each in text.get_secret_value().strip().split(";") if each.strip()]
    parts = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if not ({"accountname", "blobendpoint"} & set(parts)) or not all(equals for _, equals, _ in pairs):
        raise ValueError(
            "found no connection string in connection_string_secret; allowed: "
            "AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net, as the portal shows it"
        )
    return parts


def _name_in(parts: Mapping[str, str]) -> str:
    return parts.get("accountname") or (_name_of(parts["blobendpoint"]) if "blobendpoint" in parts else "")


def _name_of(endpoint: str) -> str:
    """`https://NAME.blob.…`, or `http://127.0.0.1:10000/NAME` as the emulator has it."""
    url = urlsplit(endpoint)
    return url.path.strip("/").partition("/")[0] or (url.hostname or "").partition(".")[0]


def _check_key(key: SecretStr) -> None:
    try:
        base64.b64decode(key.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        raise_alone(ValueError("found an account key that is none; allowed: base64, as the portal shows it"))


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")


def _variable(environ: Mapping[str, str], *names: str) -> SecretStr | None:
    return _secret(_first(environ, names))


def _secret(value: str | None) -> SecretStr | None:
    return SecretStr(value) if value else None
