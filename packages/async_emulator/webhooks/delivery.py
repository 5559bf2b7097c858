"""The attempts at deliveries, to the byte, with their answers; and a log of the last of them."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


class PrivateAddress(OSError):
    """The webhook's host has an address of a private network."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} has an address of a private network")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiverAnswer:
    """A receiver's answer: the status, and the beginning of the body."""

    status: int
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One attempt at a delivery; the first has number 1. `problem` says why there is no answer.

    `is_refused`: nothing was sent, because the address is not allowed.
    """

    request_id: str
    model_id: str
    deployment_id: str
    webhook_endpoint: str
    attempt: int
    sent_at: datetime
    seconds: float
    headers: Mapping[str, str]
    body: bytes
    answer: ReceiverAnswer | None = None
    problem: str | None = None
    is_refused: bool = False

    @property
    def is_accepted(self) -> bool:
        """Whether the receiver accepted it, with any 2xx."""
        return self.answer is not None and 200 <= self.answer.status < 300

    @property
    def may_be_repeated(self) -> bool:
        """Whether another attempt may succeed (docs.baseten.co/inference/async: 500, 502, 503, 504)."""
        if self.answer is None:
            return not self.is_refused
        return self.answer.status in (500, 502, 503, 504)


class DeliveryLog:
    """The last attempts, at most `most` of them and at most `most_bytes` of payload."""

    def __init__(self, *, most: int = 1_000, most_bytes: int = 32 * 1024 * 1024) -> None:
        self._deliveries: deque[Delivery] = deque()
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0

    def delivered(self, delivery: Delivery) -> None:
        """Add an attempt, and drop the oldest ones above the limits."""
        self._deliveries.append(delivery)
        self._bytes += len(delivery.body)
        while len(self._deliveries) > self._most or self._bytes > self._most_bytes:
            self._bytes -= len(self._deliveries.popleft().body)

    def all(self) -> list[Delivery]:
        """Return the attempts, oldest first."""
        return list(self._deliveries)

    def clear(self) -> None:
        """Drop all attempts."""
        self._deliveries.clear()
        self._bytes = 0
