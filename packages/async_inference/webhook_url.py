"""The URLs to which a webhook may be sent. Pure: host names are judged as written, without a lookup.

docs.baseten.co/inference/async: HTTPS, or plain HTTP on localhost for development. Which addresses are
refused is our choice; Baseten states none: every address that is not public.
"""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from truss_outputs.inputs.public_address import is_public

__all__ = ["LOCAL_HOSTS", "is_public", "shown", "webhook_url_problem"]

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine, the only host that may receive a webhook without HTTPS."""


def webhook_url_problem(url: str, *, allow_private: bool = False) -> str | None:
    """Return why no webhook is sent to `url`, or None if one may be sent.

    A host name may still resolve to a private address: the sender checks each address with `is_public`.
    """
    parts = _split(url)
    if parts is None or not parts.hostname:
        return "is not a URL with a host"
    if parts.hostname in LOCAL_HOSTS and parts.scheme in ("http", "https"):
        return None
    if parts.scheme != "https":
        return "must use https (plain http only on localhost)"
    if not allow_private and _is_address(parts.hostname) and not is_public(parts.hostname):
        return "is an address of a private network"
    return None


def shown(url: str) -> str:
    """Return the URL as a log may show it: without user, password, query and fragment."""
    parts = _split(url)
    if parts is None:
        return "(not a URL)"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises if it is not a number
    except ValueError:
        return None
    return parts


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
