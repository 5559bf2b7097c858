"""Which settings of an Azure account go together."""

from collections.abc import Mapping, Sequence
from typing import Any

_OPENERS = ("account_key_secret", "sas_token_secret", "connection_string_secret")
_NAMING = ("account_name", "endpoint_url", "connection_string_secret")

ACCOUNT_SETTINGS = {*_OPENERS, *_NAMING, "role_arn"}


def check_account(urls: Sequence[str], settings: Mapping[str, Any]) -> None:
    """Raises ValueError where a store at one of the urls would not know its account, or know two."""
    in_azure = [url for url in urls if url.startswith("az://")]
    if not in_azure:
        return
    named = [name for name in ("account_name", *_OPENERS) if settings[name]]
    if named[:1] == ["account_name"] and "connection_string_secret" not in named:
        del named[0]
    if len(named) > 1:
        raise ValueError(f"found {named[0]} and {named[-1]}; allowed: one of them")
    if not any(settings[name] for name in _NAMING):
        raise ValueError(
            "found no account_name for an az:// url; allowed: the storage account's name, or "
            "connection_string_secret"
        )
    if settings["role_arn"] and len(in_azure) == len(urls):
        raise ValueError(
            "found role_arn with an az:// url, but Baseten's OIDC reaches AWS and Google Cloud only "
            "(docs.baseten.co/organization/oidc); allowed: account_key_secret, sas_token_secret or "
            "connection_string_secret"
        )
