"""The delivery of results to webhooks (docs.baseten.co/inference/async, "Processing async predict results").

Best effort, at least once: an answer that comes too late counts as none. The signed bytes are the sent bytes.
`time` is when the first attempt begins, however long the payload has waited: receivers refuse old ones. Both
attempts send the same bytes; the platform does not say whether `time` is new in the second.
"""

import logging
from collections.abc import Mapping
from typing import Protocol

from async_emulator.clock import Clock
from async_emulator.webhooks.delivery import Delivery, PrivateAddress, ReceiverAnswer
from async_emulator.webhooks.payload import Payload
from async_emulator.webhooks.places import DeliveryPlaces, receiver_of
from async_emulator.webhooks.signing_secrets import WebhookSecrets
from async_emulator.webhooks.waiting_outputs import WaitingOutputs
from async_inference.webhook_url import shown, webhook_url_problem
from async_inference.webhooks import SIGNATURE_HEADER, signature_header

PAUSE_SECONDS = 2.0
TIMEOUT_SECONDS = 10.0

_log = logging.getLogger(__name__)


class Connection(Protocol):
    """Sends a payload."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> ReceiverAnswer:
        """Send, and return the answer. Raises OSError where there is none."""
        ...


class DeliveryWatcher(Protocol):
    """Sees every attempt at a delivery."""

    def delivered(self, delivery: Delivery) -> None:
        """An attempt has ended."""
        ...


class WebhookSender:
    """Delivers results over `connection`; its watchers see each attempt."""

    def __init__(
        self,
        *,
        clock: Clock,
        connection: Connection,
        secrets: WebhookSecrets,
        outputs: WaitingOutputs | None = None,
        attempts: int = 2,
        allow_private: bool = False,
    ) -> None:
        self._clock = clock
        self._connection = connection
        self._secrets = secrets
        self._attempts = attempts
        self._allow_private = allow_private
        self._watchers: list[DeliveryWatcher] = []
        self._outputs = outputs or WaitingOutputs()
        self._places = DeliveryPlaces()

    def watch(self, watcher: DeliveryWatcher) -> None:
        """Call `watcher` after every attempt from now on."""
        self._watchers.append(watcher)

    async def deliver(self, webhook_endpoint: str, payload: Payload) -> bool:
        """Send `payload` once its receiver has a place; return whether the receiver accepted it."""
        problem = webhook_url_problem(webhook_endpoint, allow_private=self._allow_private)
        if problem is not None:  # an emulator with other settings queued the request
            _log.warning("request %s: its webhook endpoint %s", payload.request_id, problem)
            return False
        size = payload.wait_in(self._outputs)
        try:
            async with self._places.place(receiver_of(webhook_endpoint), size):
                try:
                    body = payload.result(self._clock.now()).model_dump_json().encode()
                except OSError as error:
                    _log.warning(
                        "request %s: its output, which waited on disk, is lost: %s", payload.request_id, error
                    )
                    return False
                return await self._attempt(webhook_endpoint, payload, body)
        finally:
            payload.drop()

    async def _attempt(self, url: str, payload: Payload, body: bytes) -> bool:
        """Make the attempts. The place is kept between them, so that `time` does not grow old meanwhile."""
        for attempt in range(1, self._attempts + 1):
            if attempt > 1:
                await self._clock.sleep(PAUSE_SECONDS)
            delivery = await self._send(url, payload, body, attempt)
            for watcher in self._watchers:
                watcher.delivered(delivery)
            if delivery.is_accepted:
                return True
            answer = delivery.answer
            _log.warning(
                "Failed to send async predict results for request %s to webhook endpoint %s. "
                "Status code: %s, response: %s",
                payload.request_id,
                shown(url),
                "none" if answer is None else answer.status,
                delivery.problem if answer is None else answer.body,
            )
            if not delivery.may_be_repeated:
                break
        return False

    async def _send(self, url: str, payload: Payload, body: bytes, attempt: int) -> Delivery:
        sent_at, started = self._clock.now(), self._clock.monotonic()
        headers = {"Content-Type": "application/json", "X-BASETEN-REQUEST-ID": payload.request_id}
        if secrets := self._secrets.active(sent_at):
            headers[SIGNATURE_HEADER] = signature_header(body, secrets)
        answer, problem, is_refused = None, None, False
        try:
            async with self._clock.timeout(TIMEOUT_SECONDS):
                answer = await self._connection.post(url, body, headers)
        except TimeoutError:
            problem = f"no answer within {TIMEOUT_SECONDS:.0f} s"
        except OSError as error:
            problem, is_refused = str(error) or type(error).__name__, isinstance(error, PrivateAddress)
        return Delivery(
            request_id=payload.request_id,
            model_id=payload.model_id,
            deployment_id=payload.deployment_id,
            webhook_endpoint=url,
            attempt=attempt,
            sent_at=sent_at,
            seconds=self._clock.monotonic() - started,
            headers=headers,
            body=body,
            answer=answer,
            problem=problem,
            is_refused=is_refused,
        )
