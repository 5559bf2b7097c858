"""What --control puts into an emulator: a clock to advance, faults to make, deliveries to look at."""

from collections.abc import Callable, Sequence

from async_emulator.clock import AdvanceableClock
from async_emulator.control.faults import DroppingConnection, Faults, FaultyModel
from async_emulator.control.routes import Control
from async_emulator.deployments.controlled_deployment import ControlledDeployment
from async_emulator.prediction.model import Model
from async_emulator.queue.request_queue import RequestQueue
from async_emulator.webhooks.delivery import DeliveryLog
from async_emulator.webhooks.sender import Connection
from async_emulator.webhooks.signing_secrets import WebhookSecrets


class ControlParts:
    """What stands around models and webhooks, to disturb them; `control` answers the control path."""

    def __init__(self, clock: AdvanceableClock) -> None:
        self.clock = clock
        self.deliveries = DeliveryLog()
        self._faults = Faults()

    def wrap_model(self, model: Model) -> Model:
        """The model, to go wrong as planned."""
        return FaultyModel(model, self._faults, self.clock)

    def wrap_connection(self, connection: Connection) -> Connection:
        """The connection to webhooks, to break as planned."""
        return DroppingConnection(connection, self._faults)

    def control(
        self,
        queue: RequestQueue,
        secrets: WebhookSecrets,
        deployments: Callable[[], Sequence[ControlledDeployment]],
    ) -> Control:
        """The control path of an emulator that has these."""
        return Control(
            clock=self.clock,
            queue=queue,
            faults=self._faults,
            deliveries=self.deliveries,
            secrets=secrets,
            deployments=deployments,
        )
