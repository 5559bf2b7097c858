"""The two ways out of the emulator: to a model server, and to a webhook."""

from typing import Protocol

from async_emulator.prediction.model import ModelServer
from async_emulator.webhooks.payload import Payload


class Connections(Protocol):
    """Opens connections to model servers and delivers results to webhooks."""

    async def connect(self, base_url: str, token: str) -> ModelServer:
        """Return the model server at `base_url`, which wants `token`; the caller closes it."""
        ...

    async def deliver(self, webhook_endpoint: str, payload: Payload) -> bool:
        """Send `payload` to a webhook; whether the receiver accepted it."""
        ...
