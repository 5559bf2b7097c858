"""Models and predictions, measured as they go."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus

import aiohttp
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from async_emulator.clock import Clock
from async_emulator.metrics.metrics import DeploymentMetrics
from async_emulator.prediction.model import Model
from async_emulator.prediction.outcome import BackPressure, Failure, Outcome, Success
from async_emulator.queue.request import AsyncRequest
from async_inference.codes import ErrorCode

# docs.baseten.co/inference/async, "Error codes", read from right to left.
_STATUSES = {
    ErrorCode.MODEL_NOT_READY: HTTPStatus.BAD_REQUEST,
    ErrorCode.MODEL_DOES_NOT_EXIST: HTTPStatus.NOT_FOUND,
    ErrorCode.MODEL_INVALID_INPUT: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.MODEL_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.MODEL_PREDICT_TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
}


def _status_of(outcome: Outcome | None) -> int:
    match outcome:
        case Success():
            return HTTPStatus.OK
        case BackPressure():
            return HTTPStatus.TOO_MANY_REQUESTS
        case Failure():
            return _STATUSES.get(outcome.code, HTTPStatus.INTERNAL_SERVER_ERROR)
        case None:  # it was broken off, or nothing answered
            return HTTPStatus.GATEWAY_TIMEOUT


class MeasuredModel:
    """A model whose async predictions are measured; sync ones are, as a whole, by MeasuredPrediction.

    `deployments` has the metrics of each deployment that is watched, by its id.
    """

    def __init__(self, model: Model, deployments: Mapping[str, DeploymentMetrics], clock: Clock) -> None:
        self._model = model
        self._deployments = deployments
        self._clock = clock

    async def predict(self, request: AsyncRequest) -> Outcome:
        """Make one attempt at an async request."""
        started, outcome = self._clock.now(), None
        try:
            outcome = await self._model.predict(request)
            return outcome
        finally:
            if (metrics := self._deployments.get(request.deployment_id)) is not None:
                metrics.calls(_status_of(outcome), is_async=True).count(
                    seconds=(self._clock.now() - started).total_seconds(),
                    request_bytes=len(request.model_input or b""),
                    response_bytes=len(outcome.body) if isinstance(outcome, Success) else None,
                )

    def forward(
        self, body: bytes, headers: Mapping[str, str], request_id: str
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Pass a sync request on as it came."""
        return self._model.forward(body, headers, request_id)


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
        """Answer the call."""
        started = self._clock.now()
        status, response_bytes = 499, 0  # the caller left before there was an answer
        first_byte_seconds: float | None = None

        async def measure(message: Message) -> None:
            nonlocal status, response_bytes, first_byte_seconds
            if message["type"] == "http.response.start":
                status = message["status"]
            elif first_byte_seconds is None:
                first_byte_seconds = (self._clock.now() - started).total_seconds()
            response_bytes += len(message.get("body", b""))
            await send(message)

        self._metrics.concurrent_requests.inc()
        try:
            await self._prediction(scope, receive, measure)
        finally:
            self._metrics.concurrent_requests.dec()
            self._metrics.calls(status, is_async=False).count(
                seconds=(self._clock.now() - started).total_seconds(),
                request_bytes=self._request_bytes,
                response_bytes=response_bytes,
                first_byte_seconds=first_byte_seconds,
            )
