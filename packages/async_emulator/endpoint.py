"""One path of the API, as an ASGI application: every error becomes an answer in the platform's words."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from pydantic import ValidationError
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from async_emulator import api_errors
from async_emulator.api_errors import ApiError
from async_emulator.errors import UnknownRequest

_log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[ASGIApp]]


class Endpoint:
    """Answers a path by `handlers`, one for each method, once `check` lets the request pass.

    An object and not a function, which starlette's router would wrap in two more for each call.
    """

    def __init__(self, handlers: Mapping[str, Handler], check: Callable[[Request], None]) -> None:
        self._handlers = handlers
        self._check = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        try:
            self._check(request)
            handler = self._handlers.get(request.method)
            if handler is None:
                raise api_errors.wrong_method(request.method, request.url.path)
            return await handler(request)
        except ApiError as error:
            return error.response()
        except ValidationError as error:
            return api_errors.invalid_body(error).response()
        except UnknownRequest as error:
            return api_errors.not_found(str(error)).response()
        except Exception as error:
            _log.exception("%s %s could not be answered", request.method, request.url.path)
            return api_errors.internal(error).response()


async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    """The answer to a path that no route has."""
    error = api_errors.not_found(f"there is nothing at {scope['path']}")
    await error.response()(scope, receive, send)
