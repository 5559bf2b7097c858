"""Models, deployments and sync predictions, each wrapped to be measured."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

import aiohttp
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from async_emulator.api.errors import CallRefused, refusal
from async_emulator.clock import Clock
from async_emulator.deployments.target import Target
from async_emulator.errors import PredictionRefused, ReplicaUnreachable
from async_emulator.metrics.measured_deployments import MeasuredDeployments
from async_emulator.metrics.metrics import DeploymentMetrics
from async_emulator.prediction.model import ModelServer
from async_emulator.prediction.outcome import TIMED_OUT, UNREACHABLE, Outcome, Success
from async_emulator.queue.request import AsyncRequest
from async_inference.codes import Kind


class MeasuredModel:
    """A model server whose async predictions are measured. Sync ones are measured by MeasuredPrediction."""

    def __init__(self, model: ModelServer, deployments: MeasuredDeployments, clock: Clock) -> None:
        self._model = model
        self._deployments = deployments
        self._clock = clock

    async def is_ready(self) -> bool:
        """Whether the server has loaded its model."""
        return await self._model.is_ready()

    async def close(self) -> None:
        """Close every connection to the server."""
        await self._model.close()

    async def predict(self, request: AsyncRequest) -> Outcome:
        """Make one attempt at an async request."""
        started = self._clock.monotonic()
        outcome: Outcome = TIMED_OUT  # where it is broken off
        try:
            outcome = await self._model.predict(request)
            return outcome
        except ReplicaUnreachable:
            outcome = UNREACHABLE
            raise
        finally:
            if (metrics := self._deployments.get(request.deployment_id)) is not None:
                metrics.calls(outcome.status, is_async=True).count(
                    seconds=self._clock.monotonic() - started,
                    request_bytes=len(request.model_input or b""),
                    response_bytes=len(outcome.body) if isinstance(outcome, Success) else None,
                )

    def forward(
        self, body: bytes, headers: Mapping[str, str], request_id: str
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Pass a sync request on unchanged."""
        return self._model.forward(body, headers, request_id)

    async def metrics(self, max_bytes: int) -> bytes:
        """Return the server's own metrics."""
        return await self._model.metrics(max_bytes)


class MeasuredTarget:
    """A deployment whose sync predictions are measured. See Target."""

    def __init__(self, target: Target, deployments: MeasuredDeployments, clock: Clock) -> None:
        self._target = target
        self._deployments = deployments
        self._clock = clock

    @property
    def kind(self) -> Kind:
        """Whether it is a model's or a chain's."""
        return self._target.kind

    @property
    def owner_id(self) -> str:
        """The id of the model or the chain."""
        return self._target.owner_id

    @property
    def deployment_id(self) -> str:
        """The deployment's own id."""
        return self._target.deployment_id

    @property
    def environments(self) -> frozenset[str] | None:
        """The names of the environments that lead here; None: every name."""
        return self._target.environments

    @property
    def is_ready(self) -> bool:
        """Whether it can predict."""
        return self._target.is_ready

    @property
    def active_replicas(self) -> int:
        """The number of replicas that are ready."""
        return self._target.active_replicas

    @property
    def starting_replicas(self) -> int:
        """The number of replicas that are being started."""
        return self._target.starting_replicas

    def enqueue(self, request: AsyncRequest) -> None:
        """Queue a request, to be run when there is room."""
        self._target.enqueue(request)

    def predict(self, body: bytes, headers: Mapping[str, str], request_id: str) -> ASGIApp:
        """Return the answer to a sync call, to be measured. Raises PredictionRefused."""
        prediction = self._target.predict(body, headers, request_id)
        metrics = self._deployments.get(self._target.deployment_id)
        return MeasuredPrediction(prediction, metrics, self._clock, len(body)) if metrics else prediction

    def wake(self) -> None:
        """Start a replica where there is none."""
        self._target.wake()


class MeasuredPrediction:
    """The answer to a sync call, measured from its arrival to its last byte."""

    def __init__(
        self, prediction: ASGIApp, metrics: DeploymentMetrics, clock: Clock, request_bytes: int
    ) -> None:
        self._prediction = prediction
        self._metrics = metrics
        self._clock = clock
        self._request_bytes = request_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the call, and measure it even where it fails."""
        started = self._clock.monotonic()
        status, response_bytes = 499, 0  # the caller left before there was an answer
        first_byte_seconds: float | None = None
        has_started = False

        async def measure(message: Message) -> None:
            nonlocal status, response_bytes, first_byte_seconds, has_started
            if message["type"] == "http.response.start":
                status, has_started = message["status"], True
            elif first_byte_seconds is None:
                first_byte_seconds = self._clock.monotonic() - started
            response_bytes += len(message.get("body", b""))
            await send(message)

        self._metrics.concurrent_requests.inc()
        try:
            await self._prediction(scope, receive, measure)
        except (CallRefused, PredictionRefused) as error:
            if not has_started:
                status = refusal(error).status
            raise
        finally:
            self._metrics.concurrent_requests.dec()
            self._metrics.calls(status, is_async=False).count(
                seconds=self._clock.monotonic() - started,
                request_bytes=self._request_bytes,
                response_bytes=response_bytes,
                first_byte_seconds=first_byte_seconds,
            )
