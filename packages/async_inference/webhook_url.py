"""The URLs to which a webhook may be sent. Pure: host names are judged without a lookup.

A host is judged in the form that is connected to, not as written: `①②⑦.0.0.2`, `127。0。0。2` and
`127.0.0.2.` are all 127.0.0.2.

docs.baseten.co/inference/async: HTTPS, or plain HTTP on localhost for development. Which addresses are
refused is our choice; Baseten states none: every address that is not public.
"""

import socket
from ipaddress import IPv4Address, ip_address
from urllib.parse import SplitResult, urlsplit

from yarl import URL

from truss_outputs.inputs.public_address import is_public

__all__ = ["LOCAL_HOSTS", "connected_host", "is_public", "shown", "webhook_url_problem"]

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine, the only host that may receive a webhook without HTTPS."""


def webhook_url_problem(url: str, *, allow_private: bool = False) -> str | None:
    """Return why no webhook is sent to `url`, or None if one may be sent.

    A host name may still resolve to a private address: the sender checks each address with `is_public`.
    """
    parts, host = _split(url), connected_host(url)
    if parts is None or not host:
        return "is not a URL with a host"
    if host in LOCAL_HOSTS and parts.scheme in ("http", "https"):
        return None
    if parts.scheme != "https":
        return "must use https (plain http only on localhost)"
    if not allow_private and _is_address(host) and not is_public(host):
        return "is an address of a private network"
    return None


def connected_host(url: str) -> str | None:
    """Return the host that a connection to `url` is made to; None: it is not a URL with a host.

    Names are in ASCII and lower case, without the dot of the root; IPv4 addresses have four decimal numbers.
    """
    try:
        host = URL(url).raw_host  # aiohttp connects to yarl's form of the host
    except ValueError:
        return None
    host = (host or "").rstrip(".").lower()
    try:
        return str(IPv4Address(socket.inet_aton(host)))  # as the system reads 127.1, 0x7f.1 and 2130706433
    except OSError:
        return host or None


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
