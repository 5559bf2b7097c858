"""What --control adds to an emulator: a clock to advance, faults to make, deliveries to look at."""

from collections.abc import Sequence

from async_emulator.clock import AdvanceableClock
from async_emulator.control.faults import DroppingConnection, Faults, FaultyModel
from async_emulator.control.routes import ControlRoutes
from async_emulator.deployments.served import Served
from async_emulator.prediction.model import ModelServer
from async_emulator.queue.request_queue import RequestQueue
from async_emulator.webhooks.delivery import DeliveryLog
from async_emulator.webhooks.sender import Connection
from async_emulator.webhooks.signing_secrets import WebhookSecrets


class Control:
    """Wraps models and webhooks so that a test can disturb them."""

    def __init__(self, clock: AdvanceableClock) -> None:
        self.clock = clock
        self.deliveries = DeliveryLog()
        self._faults = Faults()

    def disturb_model(self, model: ModelServer) -> ModelServer:
        """Return the model with the planned faults in its predictions."""
        return FaultyModel(model, self._faults, self.clock)

    def disturb_connection(self, connection: Connection) -> Connection:
        """Return the connection to webhooks with the planned losses."""
        return DroppingConnection(connection, self._faults)

    def routes(self, queue: RequestQueue, secrets: WebhookSecrets, served: Sequence[Served]) -> ControlRoutes:
        """Return the control path of an emulator with this queue, these secrets and what it serves."""
        return ControlRoutes(
            clock=self.clock,
            queue=queue,
            faults=self._faults,
            deliveries=self.deliveries,
            secrets=secrets,
            served=served,
        )
