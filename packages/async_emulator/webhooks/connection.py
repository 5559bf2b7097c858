"""Sends a webhook's bytes: one POST, to an address that was checked first.

The checked address is the one that is connected to, so a name cannot change its address in between (DNS
rebinding). Redirects are not followed, and no proxy is used.
"""

import socket
from collections.abc import Mapping

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from async_emulator.webhooks.delivery import PrivateAddress, ReceiverAnswer
from async_inference.webhook_url import LOCAL_HOSTS, is_public

_ANSWER_LIMIT = 1_000
"""Bytes of a receiver's answer that are kept. Our choice; Baseten states none."""


class WebhookConnection:
    """Sends to public addresses and to this machine; with `allow_private`, to any address.

    Needs a running event loop; `close` it.
    """

    def __init__(self, *, allow_private: bool = False, resolver: AbstractResolver | None = None) -> None:
        resolver = resolver or ThreadedResolver()
        self._session = aiohttp.ClientSession(
            # The sender decides how many deliveries run at once, and for how long.
            connector=aiohttp.TCPConnector(
                limit=0, resolver=resolver if allow_private else _PublicResolver(resolver)
            ),
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> ReceiverAnswer:
        """Send, and return the answer. Raises OSError, such as PrivateAddress, where there is none."""
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                start = await response.content.read(_ANSWER_LIMIT)
                return ReceiverAnswer(status=response.status, body=start.decode(errors="replace"))
        except aiohttp.ClientConnectorDNSError as error:
            raise error.os_error from error
        except (aiohttp.ClientError, ValueError) as error:
            raise OSError(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


class _PublicResolver(AbstractResolver):
    """Resolves only names of public addresses and of this machine."""

    def __init__(self, resolver: AbstractResolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if host not in LOCAL_HOSTS and not all(is_public(address["host"]) for address in found):
            raise PrivateAddress(host)
        return found

    async def close(self) -> None:
        await self._resolver.close()
