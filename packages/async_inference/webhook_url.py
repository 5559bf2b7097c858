"""Where a webhook may be sent. Pure: names are judged as they are written, addresses by what they are.

docs.baseten.co/inference/async: HTTPS, or plain HTTP on localhost for development. Which addresses are
refused is our choice, as the platform states none: everything that is not public.
"""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from truss_outputs.inputs.public_address import is_public

__all__ = ["LOCAL_HOSTS", "is_public", "shown", "webhook_url_problem"]

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine, the one place where a webhook may be received without HTTPS."""


def webhook_url_problem(url: str, *, allow_private: bool = False) -> str | None:
    """Why nothing is sent to `url`, or None where something is.

    A name may still turn out to stand for a private address: who connects asks `is_public` of each.
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
    """The URL as a log may show it: without what may be a password or a token."""
    parts = _split(url)
    if parts is None:
        return "(not a URL)"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises where it is no number
    except ValueError:
        return None
    return parts


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
