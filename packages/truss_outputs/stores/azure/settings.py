"""The settings of an Azure account, and which of them go together."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator

from truss_outputs.stores.azure.account import named_in
from truss_outputs.stores.setting import Setting, secret_setting

# learn.microsoft.com/azure/storage/common/storage-account-overview
_ACCOUNT_NAME = re.compile(r"[a-z0-9]{3,24}")

_SECRETS = ("account_key_secret", "sas_token_secret", "connection_string_secret")
_NAMING = ("account_name", "endpoint_url", "connection_string_secret")  # each says which account is meant


def _account_name(value: str) -> str:
    if not _ACCOUNT_NAME.fullmatch(value):
        raise ValueError(f"found {value[:40]!r}; allowed: 3 to 24 lower-case letters and digits")
    return value


ACCESS = (
    Setting(
        name="account_name",
        type=Annotated[str, AfterValidator(_account_name)] | None,
        description="The Azure storage account that the container of an `az://` url is in.",
    ),
    secret_setting(
        "account_key_secret", "The name of the Truss secret that holds the storage account's key."
    ),
    secret_setting(
        "sas_token_secret",
        "The name of the Truss secret that holds a SAS token of the account or the container.",
    ),
    secret_setting(
        "connection_string_secret",
        "The name of the Truss secret that holds the account's connection string, in place of "
        "`account_name` and a key. Without any of the three Microsoft's own chain is used.",
    ),
)


def check_settings(urls: Sequence[str], settings: Mapping[str, Any]) -> None:
    """Raises ValueError where a store at one of the urls would have no account, or two."""
    in_azure = [url for url in urls if url.startswith("az://")]
    if not in_azure:
        return
    named = [name for name in ("account_name", *_SECRETS) if settings[name]]
    if named[:1] == ["account_name"] and "connection_string_secret" not in named:
        del named[0]
    if len(named) > 1:
        raise ValueError(f"found {named[0]} and {named[-1]}; allowed: one of them")
    if not any(settings[name] for name in _NAMING):
        raise ValueError(
            "found no account_name for an az:// url; allowed: the storage account's name, or "
            "connection_string_secret"
        )
    if settings.get("role_arn") and len(in_azure) == len(urls):
        raise ValueError(
            "found role_arn with an az:// url, but Baseten's OIDC reaches AWS and Google Cloud only "
            "(docs.baseten.co/organization/oidc); allowed: account_key_secret, sas_token_secret or "
            "connection_string_secret"
        )


def defaults(environ: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, str]:
    """The account in the variables of the Azure CLI, where the settings name none."""
    if set(_NAMING) & set(settings):
        return {}
    try:
        return named_in(environ)
    except ValueError:  # the variable may not even count; opening the store reports it
        return {}


def hosts(container: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """That of the account, where a setting names it, and without a secret that of Microsoft Entra."""
    name = settings["account_name"]
    endpoint = settings["endpoint_url"] or (f"https://{name}.blob.core.windows.net" if name else "")
    host = urlsplit(endpoint).hostname
    entra = () if any(settings[each] for each in _SECRETS) else ("login.microsoftonline.com",)
    return (host, *entra) if host else entra


def further_packages(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Without a secret only an identity of Microsoft Entra gives access, which a package of its own finds."""
    return () if any(settings[name] for name in _SECRETS) else ("azure-identity",)
