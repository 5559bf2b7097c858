"""Sends a webhook's bytes: one POST, to an address that was checked first.

Every address is checked when its socket is made, so neither a name that changes its address in between (DNS
rebinding) nor an unusual spelling of an address passes. Redirects are not followed, and no proxy is used.
"""

import socket
from collections.abc import Mapping

import aiohttp
from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from async_emulator.webhooks.delivery import PrivateAddress, ReceiverAnswer
from async_inference.webhook_url import LOCAL_HOSTS, connected_host, is_public

_ANSWER_LIMIT = 1_000
"""Bytes of a receiver's answer that are kept. Our choice; Baseten states none."""


class WebhookConnection:
    """Sends to public addresses and to this machine; with `allow_private`, to any address.

    Needs a running event loop; `close` it.
    """

    def __init__(self, *, allow_private: bool = False, resolver: AbstractResolver | None = None) -> None:
        resolver = resolver or ThreadedResolver()
        self._anywhere = _session(aiohttp.TCPConnector(limit=0, resolver=resolver))
        self._public = _session(
            aiohttp.TCPConnector(
                limit=0, resolver=_PublicResolver(resolver), socket_factory=_socket_to_public_address
            )
        )
        self._allow_private = allow_private

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> ReceiverAnswer:
        """Send, and return the answer. Raises OSError, such as PrivateAddress, where there is none."""
        is_free = self._allow_private or connected_host(url) in LOCAL_HOSTS
        session = self._anywhere if is_free else self._public
        try:
            async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                start = await response.content.read(_ANSWER_LIMIT)
                return ReceiverAnswer(status=response.status, body=start.decode(errors="replace"))
        except aiohttp.ClientConnectorError as error:
            if isinstance(error, aiohttp.ClientConnectorDNSError) or isinstance(
                error.os_error, PrivateAddress
            ):
                raise error.os_error from error
            raise OSError(str(error)) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise OSError(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._anywhere.close()
        await self._public.close()


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    # Without limits: the sender decides how many deliveries run at once, and for how long.
    return aiohttp.ClientSession(
        connector=connector, timeout=aiohttp.ClientTimeout(total=None), cookie_jar=aiohttp.DummyCookieJar()
    )


def _socket_to_public_address(address: AddrInfoType) -> socket.socket:
    """Return a socket for a connection to `address`. Raises PrivateAddress."""
    family, kind, protocol, _, (host, *_) = address
    if not is_public(str(host)):
        raise PrivateAddress(str(host))
    return socket.socket(family, kind, protocol)


class _PublicResolver(AbstractResolver):
    """Resolves only names of which every address is public."""

    def __init__(self, resolver: AbstractResolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not all(is_public(address["host"]) for address in found):
            raise PrivateAddress(host)
        return found

    async def close(self) -> None:
        await self._resolver.close()
