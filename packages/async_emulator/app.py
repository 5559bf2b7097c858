"""The HTTP side: every target path of the inference API, over one deployment of one model.

/{production | development | environments/{name} | deployment/{id}}/{operation}     or bare /{operation}
/async_request/{request_id}
/healthz                                                                            no key needed
"""

import hmac
from collections.abc import Callable
from http import HTTPStatus

from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from async_emulator import api_errors
from async_emulator.api_errors import ApiError
from async_emulator.api_settings import ApiSettings
from async_emulator.capacity import Capacity
from async_emulator.clock import Clock
from async_emulator.endpoint import Endpoint, nothing_here
from async_emulator.model_client import REQUEST_ID_HEADER
from async_emulator.service import AsyncService, new_request_id
from async_emulator.sync_prediction import SyncPrediction
from async_inference.webhook_url import webhook_url_problem
from async_inference.wire import AsyncPredictRequest, AsyncRequestAccepted

ASYNC_BODY_LIMIT = 262_144
"""Bytes of an async_predict body (docs.baseten.co/inference/errors: 256 KiB)."""

SYNC_BODY_LIMIT = 100_000_000
"""Bytes of any body (docs.baseten.co/reference/inference-api/overview: 100 MB)."""

TARGETS = (
    "",
    "/production",
    "/development",
    "/environments/{environment}",
    "/deployment/{deployment_id}",
)


class InferenceApi:
    """The endpoints. `is_deployed` tells whether the model has been loaded once."""

    def __init__(
        self,
        *,
        api_key: str,
        service: AsyncService,
        capacity: Capacity,
        clock: Clock,
        is_deployed: Callable[[], bool],
        settings: ApiSettings,
    ) -> None:
        self._settings = settings
        self._keys = (f"Bearer {api_key}".encode(), f"Api-Key {api_key}".encode())
        self._service = service
        self._capacity = capacity
        self._clock = clock
        self._is_deployed = is_deployed

    def app(self) -> ASGIApp:
        """The application to serve."""
        routes = []
        for operation, handlers in (
            ("async_predict", {"POST": self._async_predict}),
            ("predict", {"POST": self._predict}),
            ("async_queue_status", {"GET": self._queue_status}),
        ):
            endpoint = Endpoint(handlers, self._check)
            routes += [Route(f"{target}/{operation}", endpoint) for target in TARGETS]
        of_request = Endpoint({"GET": self._status, "DELETE": self._cancel}, self._check)
        routes += [
            Route("/async_request/{request_id}", of_request),
            Route("/healthz", Endpoint({"GET": self._healthz}, check=lambda request: None)),
        ]
        return Router(routes, redirect_slashes=False, default=nothing_here)

    def _check(self, request: Request) -> None:
        self._check_key(request)
        self._check_target(request)

    def _check_key(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        if not any(hmac.compare_digest(given, key) for key in self._keys):
            raise api_errors.unauthorized()

    def _check_target(self, request: Request) -> None:
        deployment_id = request.path_params.get("deployment_id", self._service.deployment_id)
        if deployment_id != self._service.deployment_id:
            raise api_errors.no_deployment(deployment_id)

    async def _healthz(self, _: Request) -> Response:
        if self._is_deployed():
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "loading"}, HTTPStatus.SERVICE_UNAVAILABLE)

    async def _async_predict(self, request: Request) -> Response:
        body = AsyncPredictRequest.model_validate_json(await _read_body(request, ASYNC_BODY_LIMIT))
        if body.webhook_endpoint is not None:
            self._check_webhook(body.webhook_endpoint)
        request_id = await self._service.submit(body)
        return _json(AsyncRequestAccepted(request_id=request_id), request_id, HTTPStatus.CREATED)

    def _check_webhook(self, webhook_endpoint: str) -> None:
        problem = webhook_url_problem(webhook_endpoint, allow_private=self._settings.allow_private_webhooks)
        if problem is not None:
            raise ApiError(HTTPStatus.BAD_REQUEST, f"webhook_endpoint: {problem}")

    async def _status(self, request: Request) -> Response:
        request_id = request.path_params["request_id"]
        return _json(await self._service.status(request_id), request_id)

    async def _cancel(self, request: Request) -> Response:
        request_id = request.path_params["request_id"]
        return _json(await self._service.cancel(request_id), request_id)

    async def _queue_status(self, _: Request) -> Response:
        return _json(self._service.queue_status(), new_request_id())

    async def _predict(self, request: Request) -> ASGIApp:
        if not self._is_deployed():
            raise api_errors.not_ready()
        return SyncPrediction(
            capacity=self._capacity,
            clock=self._clock,
            body=await _read_body(request, SYNC_BODY_LIMIT),
            headers=request.headers,
            request_id=new_request_id(),
        )


async def _read_body(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise api_errors.payload_too_large(int(declared), limit)
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise api_errors.payload_too_large(size, limit)
            chunks.append(chunk)
    except ClientDisconnect:
        raise ApiError(HTTPStatus.BAD_REQUEST, "the caller left before its body was read") from None
    return b"".join(chunks)


def _json(body: BaseModel, request_id: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(
        body.model_dump_json(),
        int(status),
        headers={REQUEST_ID_HEADER: request_id},
        media_type="application/json",
    )
