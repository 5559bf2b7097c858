"""A deployment with a queue before it: a model, or the entrypoint of a chain."""

from collections.abc import Mapping

from async_emulator.deployments.deployment import Deployment
from async_emulator.deployments.platform import Platform
from async_emulator.errors import NotDeployed
from async_emulator.prediction.dispatcher import Dispatcher
from async_emulator.prediction.model import CHAIN_REQUEST_ID_HEADER
from async_emulator.prediction.sync_prediction import SyncPrediction
from async_emulator.queue.request import AsyncRequest
from async_emulator.settings.deployment import DeploymentSettings
from async_emulator.trusses.source import TrussSource
from async_inference.codes import ErrorCode, Kind


class QueuedDeployment(Deployment):
    """A deployment that callers reach, and that runs the queued requests to it. See Target.

    `owner_id` is the id of the model or the chain.
    """

    def __init__(
        self,
        settings: DeploymentSettings,
        source: TrussSource,
        platform: Platform,
        *,
        kind: Kind,
        owner_id: str,
    ) -> None:
        super().__init__(settings, source, platform)
        self.kind = kind
        self.owner_id = owner_id
        self.environments = frozenset({settings.environment}) if settings.environment else None
        self._clock = platform.clock
        self._dispatcher = Dispatcher(
            deployment_id=settings.deployment_id,
            capacity=self.capacity,
            queue=platform.queue,
            clock=platform.clock,
            connections=platform.connections,
            final=() if settings.retry_not_ready else (ErrorCode.MODEL_NOT_READY,),
        )

    @property
    def backlog(self) -> int:
        """The number of queued requests that only wait for a slot."""
        return self._dispatcher.waiting

    def enqueue(self, request: AsyncRequest) -> None:
        """Queue a request, to be run when there is room."""
        self._dispatcher.enqueue(request)

    def predict(self, body: bytes, headers: Mapping[str, str], request_id: str) -> SyncPrediction:
        """Return the answer to a sync call. Raises NotDeployed before the model has been loaded."""
        if not self.is_deployed:
            raise NotDeployed
        if self.kind is Kind.CHAIN:
            headers = {**headers, CHAIN_REQUEST_ID_HEADER: request_id}
        return SyncPrediction(
            capacity=self.capacity,
            clock=self._clock,
            body=body,
            headers=headers,
            request_id=request_id,
        )

    def hold(self, is_held: bool) -> None:
        """Start no queued request for as long as it is held."""
        self._dispatcher.hold(is_held)

    async def stop(self) -> None:
        """Drop the attempts under way, and only then end the replicas: an end of ours fails no attempt.

        The requests under way are QUEUED again when the queue is next opened.
        """
        await self._dispatcher.stop()
        await super().stop()
