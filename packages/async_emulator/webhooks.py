"""The delivery of results to webhooks (docs.baseten.co/inference/async, "Processing async predict results").

Best effort, at least once: an answer that comes too late counts as none. Redirects are not followed.
"""

import logging
from urllib.parse import urlsplit

import aiohttp

from async_emulator.clock import Clock
from async_inference.wire import AsyncPredictResult

ATTEMPTS = 2
PAUSE_SECONDS = 2.0
TIMEOUT_SECONDS = 10.0
_RETRIED_STATUSES = frozenset({500, 502, 503, 504})
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

_log = logging.getLogger(__name__)


def is_allowed(webhook_endpoint: str) -> bool:
    """Whether the platform would send there: HTTPS, or plain HTTP on localhost for development."""
    try:
        parts = urlsplit(webhook_endpoint)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOCAL_HOSTS))


class WebhookSender:
    """Delivers results. Needs a running event loop; `close` it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))

    async def deliver(self, webhook_endpoint: str, result: AsyncPredictResult) -> bool:
        """Send `result`; whether it was accepted."""
        body = result.model_dump_json().encode()
        headers = {"Content-Type": "application/json", "X-BASETEN-REQUEST-ID": result.request_id}
        for attempt in range(1, ATTEMPTS + 1):
            if attempt > 1:
                await self._clock.sleep(PAUSE_SECONDS)
            status = await self._send(webhook_endpoint, body, headers)
            if status is not None and 200 <= status < 300:
                return True
            _log.warning(
                "Failed to send async predict results for request %s to webhook endpoint %s. Status code: %s",
                result.request_id,
                webhook_endpoint,
                status or "none",
            )
            if status is not None and status not in _RETRIED_STATUSES:
                break
        return False

    async def _send(self, webhook_endpoint: str, body: bytes, headers: dict[str, str]) -> int | None:
        try:
            async with (
                self._clock.timeout(TIMEOUT_SECONDS),
                self._session.post(
                    webhook_endpoint, data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                return response.status
        except (TimeoutError, aiohttp.ClientError, OSError):
            return None

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()
