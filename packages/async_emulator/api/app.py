"""The paths of the inference API, for all that is served.

/{production | development | environments/{name} | deployment/{id}}/{operation}     or bare /{operation}
/async_request/{request_id}
/healthz, /openapi.json                                                             no key needed

and further pages of the emulator.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from async_emulator.api import errors as api_errors
from async_emulator.api.answered_prediction import AnsweredPrediction
from async_emulator.api.errors import CallRefused
from async_emulator.api.openapi import openapi_document
from async_emulator.api.operations import (
    ASYNC_PREDICT,
    ASYNC_RUN_REMOTE,
    CANCEL,
    OF_A_TARGET,
    PREDICT,
    QUEUE_STATUS,
    RUN_REMOTE,
    STATUS,
    WAKE,
    Operation,
)
from async_emulator.api.rate_limits import RateLimits
from async_emulator.api.request_body import SYNC_BODY_LIMIT, read_body
from async_emulator.api.routing import Targets
from async_emulator.api.service import AsyncService
from async_emulator.api.submission import Submission
from async_emulator.clock import Clock
from async_emulator.deployments.target import Target
from async_emulator.errors import DataDirFailed, PredictionRefused, UnknownRequest, UnreadableRequest
from async_emulator.paths import address_of
from async_emulator.prediction.model import REQUEST_ID_HEADER
from async_emulator.queue.request import new_request_id
from async_emulator.settings.api import ApiSettings
from async_inference.wire import AsyncRequestAccepted

_log = logging.getLogger(__name__)

_REQUESTS = "/async_request/"

OfTarget = Callable[[Request, Target], Awaitable[ASGIApp]]
OfRequest = Callable[[str], Awaitable[Response]]
Page = Callable[[Request], Awaitable[ASGIApp]]


class InferenceApi:
    """The API as an ASGI application. Every error becomes an answer in the platform's words.

    The key alone decides who is answered. Host and Origin do not: a browser sends the key for no page,
    so a page that a name server leads here (DNS rebinding) reads only what needs no key.

    `pages` are further paths, which need the key too. A page whose path ends with a slash answers every path
    that begins with it.
    """

    def __init__(
        self,
        *,
        api_key: str,
        service: AsyncService,
        targets: Targets,
        clock: Clock,
        settings: ApiSettings,
        pages: Mapping[str, Page] | None = None,
    ) -> None:
        self._keys = (f"Bearer {api_key}".encode(), f"Api-Key {api_key}".encode())
        self._service = service
        self._targets = targets
        self._clock = clock
        self._wrong_key_status = settings.wrong_key_status
        self._limits = RateLimits(settings)
        self._submission = Submission(settings)
        self._pages = dict(pages or {})
        # No key is needed by whoever waits for the emulator, or generates a client from its document.
        self._open_pages = {"/healthz": self._healthz, "/openapi.json": self._openapi}
        handlers: dict[Operation, OfTarget] = {
            PREDICT: self._predict,
            ASYNC_PREDICT: self._submit,
            RUN_REMOTE: self._predict,
            ASYNC_RUN_REMOTE: self._submit_run_remote,
            WAKE: self._wake,
            QUEUE_STATUS: self._queue_status,
        }
        self._of_target = {operation.name: (operation, handlers[operation]) for operation in OF_A_TARGET}
        self._of_request: dict[str, tuple[Operation, OfRequest]] = {
            STATUS.method: (STATUS, self._status),
            CANCEL.method: (CANCEL, self._cancel),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        try:
            return await self._dispatch(request)
        except (CallRefused, PredictionRefused) as error:
            problem = api_errors.refusal(error)
        except ValidationError as error:
            problem = api_errors.invalid_body(error)
        except UnknownRequest as error:
            problem = api_errors.not_found(str(error))
        except DataDirFailed as error:
            problem = api_errors.disk_failed(error)
        except UnreadableRequest as error:
            problem = api_errors.unreadable(error)
        except Exception as error:
            _log.exception("%s %s could not be answered", request.method, request.url.path)
            problem = api_errors.internal(error)
        return self.answer_to(problem)

    def answer_to(self, refusal: CallRefused) -> JSONResponse:
        """Return the answer to a call that is refused, under an id of its own."""
        return refusal.response({REQUEST_ID_HEADER: self._new_id()})

    async def _dispatch(self, request: Request) -> ASGIApp:
        path: str = request.scope["path"]
        if path.startswith(_REQUESTS):
            return await self._dispatch_to_request(request, path.removeprefix(_REQUESTS))
        address = address_of(path)
        if address is not None and (found := self._of_target.get(address.operation)) is not None:
            operation, handler = found
            self._check_call(request, operation.method)
            target = self._targets.find(request.headers.get("host", ""), address, operation.kinds)
            self._limits.check(operation, self._clock.monotonic())
            return await handler(request, target)
        return await self._dispatch_to_page(request, path)

    async def _dispatch_to_request(self, request: Request, request_id: str) -> ASGIApp:
        self._check_key(request)
        found = self._of_request.get(request.method)
        if found is None:
            raise api_errors.wrong_method(request.method, request.scope["path"])
        operation, handler = found
        self._limits.check(operation, self._clock.monotonic())
        return await handler(request_id)

    async def _dispatch_to_page(self, request: Request, path: str) -> ASGIApp:
        if (open_page := self._open_pages.get(path)) is not None:
            if request.method != "GET":
                raise api_errors.wrong_method(request.method, path)
            return open_page()
        page = self._pages.get(path) or self._pages.get(f"/{path.split('/')[1]}/")
        if page is None:
            raise api_errors.not_found(f"there is nothing at {path}")
        self._check_key(request)
        return await page(request)

    def _check_call(self, request: Request, method: str) -> None:
        self._check_key(request)
        if request.method != method:
            raise api_errors.wrong_method(request.method, request.scope["path"])

    def _check_key(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        if not any(hmac.compare_digest(given, key) for key in self._keys):
            raise api_errors.unauthorized(self._wrong_key_status if given else HTTPStatus.UNAUTHORIZED)

    def _healthz(self) -> Response:
        try:
            self._service.check_writable()
        except DataDirFailed as error:
            body = {"status": "disk failed", "error": str(error)}
            return JSONResponse(body, HTTPStatus.SERVICE_UNAVAILABLE)
        if self._targets.are_ready:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "loading"}, HTTPStatus.SERVICE_UNAVAILABLE)

    def _openapi(self) -> Response:
        return JSONResponse(openapi_document())

    async def _submit(self, request: Request, target: Target) -> Response:
        self._limits.check_outstanding(self._service.outstanding)
        submitted = self._submission.parse(await read_body(request, self._submission.limit))
        request_id = await self._service.submit(target, submitted)
        return _json(AsyncRequestAccepted(request_id=request_id), request_id, HTTPStatus.CREATED)

    async def _submit_run_remote(self, request: Request, target: Target) -> Response:
        self._limits.check_outstanding(self._service.outstanding)
        submitted = self._submission.parse_run_remote(await read_body(request, self._submission.limit))
        request_id = await self._service.submit(target, submitted)
        return _json(AsyncRequestAccepted(request_id=request_id), request_id, HTTPStatus.CREATED)

    async def _predict(self, request: Request, target: Target) -> ASGIApp:
        body = await read_body(request, SYNC_BODY_LIMIT)
        request_id = self._new_id()
        return AnsweredPrediction(target.predict(body, request.headers, request_id), request_id)

    def _new_id(self) -> str:
        return new_request_id(self._clock.now())

    async def _wake(self, _: Request, target: Target) -> Response:
        target.wake()
        return JSONResponse({}, HTTPStatus.ACCEPTED, headers={REQUEST_ID_HEADER: self._new_id()})

    async def _queue_status(self, _: Request, target: Target) -> Response:
        return _json(self._service.queue_status(target), self._new_id())

    async def _status(self, request_id: str) -> Response:
        return _json(await self._service.status(request_id), request_id)

    async def _cancel(self, request_id: str) -> Response:
        return _json(await self._service.cancel(request_id), request_id)


def _json(body: BaseModel, request_id: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(
        body.model_dump_json(exclude_none=True),
        int(status),
        headers={REQUEST_ID_HEADER: request_id},
        media_type="application/json",
    )
