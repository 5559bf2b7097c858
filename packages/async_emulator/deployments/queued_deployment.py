"""A deployment with a queue before it: a model, or the entrypoint of a chain."""

from collections.abc import Callable, Mapping

from async_emulator.api import errors as api_errors
from async_emulator.api.routing import Target
from async_emulator.deployments.controlled_deployment import ControlledDeployment
from async_emulator.deployments.deployment import Deployment
from async_emulator.deployments.platform import Surroundings
from async_emulator.prediction.dispatcher import Dispatcher
from async_emulator.prediction.model import CHAIN_REQUEST_ID_HEADER
from async_emulator.prediction.sync_prediction import SyncPrediction
from async_emulator.settings.deployment import DeploymentSettings
from async_emulator.trusses.source import TrussSource
from async_inference.codes import ErrorCode, Kind


def controlled_deployment(
    deployment: Deployment,
    hold: Callable[[bool], None] = lambda is_held: None,
    chainlet: str | None = None,
) -> ControlledDeployment:
    """What the control path can do to a deployment. Only one with a queue can be held."""
    return ControlledDeployment(
        deployment_id=deployment.deployment_id,
        chainlet=chainlet,
        hold=hold,
        kill_replica=deployment.kill_replica,
        active_replicas=lambda: deployment.active_replicas,
        starting_replicas=lambda: deployment.starting_replicas,
    )


class QueuedDeployment:
    """A deployment, and what runs the queued requests to it: those of `owner_id`, a model or a chain."""

    def __init__(
        self,
        settings: DeploymentSettings,
        source: TrussSource,
        surroundings: Surroundings,
        *,
        kind: Kind,
        owner_id: str,
    ) -> None:
        self._kind = kind
        self._clock = surroundings.clock
        self.deployment = Deployment(settings, source, surroundings, waiting=lambda: self._dispatcher.waiting)
        self._dispatcher = Dispatcher(
            deployment_id=settings.deployment_id,
            capacity=self.deployment.capacity,
            queue=surroundings.queue,
            clock=surroundings.clock,
            deliver=surroundings.deliver,
            on_deadline=lambda queue_deadline: None,
            final=() if settings.retry_not_ready else (ErrorCode.MODEL_NOT_READY,),
        )
        self.target = Target(
            kind=kind,
            owner_id=owner_id,
            deployment_id=settings.deployment_id,
            queued=self._dispatcher.queued,
            predict=self._predict,
            wake=self.deployment.wake,
            is_ready=lambda: self.deployment.is_ready,
            environments=frozenset({settings.environment}) if settings.environment else None,
        )

    def controlled(self, chainlet: str | None = None) -> ControlledDeployment:
        """What the control path can do to it, as a model's or as a chainlet of that name."""
        return controlled_deployment(self.deployment, self._dispatcher.hold, chainlet)

    async def stop(self) -> None:
        """Drop the requests that are under way; they are queued again when the queue is next opened."""
        await self._dispatcher.stop()

    def _predict(self, body: bytes, headers: Mapping[str, str], request_id: str) -> SyncPrediction:
        if not self.deployment.is_deployed:
            raise api_errors.not_ready()
        if self._kind is Kind.CHAIN:
            headers = {**headers, CHAIN_REQUEST_ID_HEADER: request_id}
        return SyncPrediction(
            capacity=self.deployment.capacity,
            clock=self._clock,
            body=body,
            headers=headers,
            request_id=request_id,
        )
