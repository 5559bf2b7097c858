"""Reads bytes from an https url that a caller named, and from nowhere else.

- Only hosts on the list are connected to, on port 443, their certificate checked. No proxy, cookie or key.
- The host is resolved once, and every address of it must be public; the connection goes to an address that
  was checked. There is no second look-up that could return another (DNS rebinding).
- A redirect is refused, whatever its target.
- A body that ends early is an error.
- A server that sends little at a time is not read for ever: it is waited for `timeout` seconds in all, and as
  long again as its body takes at `deadline.MIN_RATE`. The time between two reads does not count.
"""

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from truss_outputs.deadline import MIN_RATE
from truss_outputs.errors import OutputError
from truss_outputs.inputs.patience import Patience, TooSlow
from truss_outputs.inputs.public_address import is_public
from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.secrecy.urls import shown_url

_PORT = 443
_CHUNK = 1 << 20
_LONGEST_URL = 8_192


class InputRefused(OutputError, ValueError):
    """An input that may not be read: every attempt would end the same way."""

    def __init__(self, url: str, problem: str) -> None:
        self.url = shown_url(url)
        self.problem = problem
        super().__init__(f"input {self.url}: {problem}")


class InputUnavailable(OutputError, OSError):
    """An input that cannot be read this time."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = shown_url(url)
        self.reason = reason
        super().__init__(f"input {self.url}: {reason}")


def _resolve(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def _connect(address: str, port: int, timeout: float) -> socket.socket:
    return socket.create_connection((address, port), timeout)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A server's answer. `size` is None where the server does not state it. Close it, read or not."""

    content_type: str
    size: int | None
    chunks: Iterator[bytes]
    close: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class HttpsSource:
    """Reads from the `allowed_hosts`; `*.example.com` allows every host below it, but not `example.com`.

    `timeout` is in seconds: for each step, and for all reads of an answer, to which its body adds. `resolve`,
    `connect` and `context` are the network's by default.
    """

    allowed_hosts: Sequence[str]
    timeout: float = 30.0
    resolve: Callable[[str, int], Sequence[str]] = _resolve
    connect: Callable[[str, int, float], socket.socket] = _connect
    context: ssl.SSLContext | None = None

    def open(self, url: str, *, limit_bytes: int) -> Answer:
        """Send a GET and return the answer, its body unread. Raises InputRefused or InputUnavailable.

        A body whose server does not state its size is waited for as one of `limit_bytes`.
        """
        parts = _parse(url)
        host = parts.hostname or ""
        if not any(_matches(host, allowed) for allowed in self.allowed_hosts):
            known = ", ".join(self.allowed_hosts) or "none: no host is listed under inputs.allowed_hosts"
            raise InputRefused(url, f"its host is not on the list; allowed: {known}")
        connection = http.client.HTTPConnection(host, _PORT, timeout=self.timeout)
        patience = Patience(self.timeout)
        connection.response_class = lambda sock, **named: patience.answer(sock, **named)  # type: ignore[assignment]
        try:
            connection.sock = self._secure(url, host)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers={"Host": host, "Accept-Encoding": "identity"})
            response = connection.getresponse()
        except UnicodeError:
            raise_alone(InputRefused(url, "its host is no name"))
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise_alone(InputUnavailable(url, _reason(error)))

        def close() -> None:
            response.close()
            connection.close()

        if response.status != http.client.OK:
            close()
            raise _refusal(url, response.status)
        patience.allow(limit_bytes if response.length is None else min(response.length, limit_bytes))
        return Answer(
            content_type=response.getheader("Content-Type", "application/octet-stream"),
            size=response.length,
            chunks=_chunks(url, response),
            close=close,
        )

    def _secure(self, url: str, host: str) -> ssl.SSLSocket:
        addresses = self.resolve(host, _PORT)
        if not addresses or not all(map(is_public, addresses)):
            raise InputRefused(url, "its host has an address that is not public")
        context = self.context or ssl.create_default_context()
        connected = self.connect(addresses[0], _PORT, self.timeout)
        try:
            return context.wrap_socket(connected, server_hostname=host)
        except BaseException:
            connected.close()
            raise


def _parse(url: str) -> SplitResult:
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>'):
        raise InputRefused(url, "it is no url: too long, or with a character that none holds")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise_alone(InputRefused(url, "it is no url"))
    if parts.scheme != "https" or not parts.hostname:
        raise InputRefused(url, "allowed: https://host/path, or an object of this store")
    if "@" in parts.netloc or port not in (None, _PORT):
        raise InputRefused(url, "a user, a password and a port of its own are not allowed")
    return parts


def _matches(host: str, allowed: str) -> bool:
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed


def _chunks(url: str, response: http.client.HTTPResponse) -> Iterator[bytes]:
    remaining = response.length
    while True:
        try:
            chunk = response.read(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise_alone(InputUnavailable(url, _reason(error)))
        if not chunk:
            break
        if remaining is not None:
            remaining -= len(chunk)
        yield chunk
    if remaining:
        raise InputUnavailable(url, f"it ended {remaining} bytes early")


def _refusal(url: str, status: int) -> OutputError:
    if 300 <= status < 400:
        return InputRefused(url, f"answered {status}: a redirect is not followed, so name its target")
    if status in (408, 429) or status >= 500:
        return InputUnavailable(url, f"answered {status}")
    return InputRefused(url, f"answered {status}")


def _reason(error: Exception) -> str:
    if isinstance(error, TooSlow):
        return f"sent so slowly that it was given up: less than {MIN_RATE:,} bytes a second"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return " ".join(str(error).split())[:200] or type(error).__name__
