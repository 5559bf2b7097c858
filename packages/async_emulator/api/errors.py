"""The API's error answers: which status, code and words the platform has for each problem.

Every body is `{"error": …, "error_code": …}` (ErrorResponse of the OpenAPI inference spec).
"""

from http import HTTPStatus
from typing import TYPE_CHECKING

from async_emulator.errors import (
    DataDirFailed,
    NoRoom,
    NotDeployed,
    PredictionLost,
    PredictionRefused,
    PredictionTimedOut,
    UnreadableRequest,
)

if TYPE_CHECKING:
    from pydantic import ValidationError
    from starlette.responses import JSONResponse

_CODES = {
    HTTPStatus.BAD_REQUEST: "client_error",
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "unauthorized",
    HTTPStatus.NOT_FOUND: "client_error",
    HTTPStatus.METHOD_NOT_ALLOWED: "client_error",
    HTTPStatus.REQUEST_TIMEOUT: "timeout",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "client_error",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "payload_too_large",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limited",
    HTTPStatus.BAD_GATEWAY: "model_unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE: "model_unavailable",
    HTTPStatus.GATEWAY_TIMEOUT: "timeout",
}

# The status of a sync call (docs.baseten.co/inference/errors); without a code, the status's own.
_REFUSALS: dict[type[PredictionRefused], tuple[HTTPStatus, str | None]] = {
    NotDeployed: (HTTPStatus.BAD_REQUEST, "model_not_ready"),
    NoRoom: (HTTPStatus.INTERNAL_SERVER_ERROR, "timeout"),
    PredictionTimedOut: (HTTPStatus.GATEWAY_TIMEOUT, None),
    PredictionLost: (HTTPStatus.BAD_GATEWAY, None),
}


class CallRefused(Exception):
    """An error answer to a call."""

    def __init__(self, status: HTTPStatus, message: str, error_code: str | None = None) -> None:
        self.status = status
        self.error_code = error_code or _CODES.get(status, "internal_baseten_error")
        super().__init__(message)

    def response(self, headers: dict[str, str] | None = None) -> "JSONResponse":
        """Return the answer in the platform's words."""
        from starlette.responses import JSONResponse  # on first use: the command starts without it

        return JSONResponse(
            {"error": str(self), "error_code": self.error_code}, int(self.status), headers=headers
        )


def unauthorized(status: int = HTTPStatus.UNAUTHORIZED) -> CallRefused:
    """The key is missing or wrong."""
    return CallRefused(HTTPStatus(status), "please check the api-key you provided")


def not_found(message: str) -> CallRefused:
    """There is no such path or request."""
    return CallRefused(HTTPStatus.NOT_FOUND, message)


def no_deployment(deployment_id: str) -> CallRefused:
    """The path names a deployment that is not served here."""
    message = f"there is no deployment {deployment_id!r}"
    return CallRefused(HTTPStatus.NOT_FOUND, message, "model_does_not_exist")


def no_environment(name: str) -> CallRefused:
    """The path or the host names an environment that leads to no deployment."""
    message = f"there is no environment {name!r}"
    return CallRefused(HTTPStatus.NOT_FOUND, message, "model_does_not_exist")


def unknown_host(host: str) -> CallRefused:
    """The host belongs to a model or a chain that is not served here, or that lacks the operation."""
    return CallRefused(HTTPStatus.NOT_FOUND, f"nothing at {host} answers this", "model_does_not_exist")


def not_served_here(kinds: str) -> CallRefused:
    """The path is one of another kind, a model or a chain, than what is served."""
    return CallRefused(HTTPStatus.NOT_FOUND, f"there is no {kinds} here", "model_does_not_exist")


def wrong_paths_for_host(host: str, *, is_regional: bool) -> CallRefused:
    """Both the host and the path name an environment, or neither does."""
    allowed = "without /environments, /deployment, …" if is_regional else "such as /production/…"
    return not_found(f"{host} has paths {allowed}")


def ambiguous_host(owner_ids: list[str]) -> CallRefused:
    """Several models are served, and neither the host nor the path names one."""
    names = ", ".join(sorted(set(owner_ids)))
    return not_found(f"which of {names} is meant? Name it in the Host header, or a deployment in the path")


def rate_limited(limit: str) -> CallRefused:
    """Too many calls, or too many requests. `limit` says which limit is exceeded."""
    return CallRefused(HTTPStatus.TOO_MANY_REQUESTS, f"Rate limit exceeded: {limit}. Please try again later.")


def payload_too_large(size: int, limit: int) -> CallRefused:
    """The body has more bytes than are allowed."""
    return CallRefused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"payload size of {size} bytes exceeds maximum size of {limit} bytes",
    )


def wrong_method(method: str, path: str) -> CallRefused:
    """The path exists, with another method."""
    return CallRefused(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} is not allowed at {path}")


def internal(error: Exception) -> CallRefused:
    """The emulator itself has failed."""
    return CallRefused(HTTPStatus.INTERNAL_SERVER_ERROR, type(error).__name__)


def disk_failed(error: DataDirFailed) -> CallRefused:
    """The queue's disk is full, or fails otherwise. The code is our choice: the platform has no such disk."""
    return CallRefused(HTTPStatus.SERVICE_UNAVAILABLE, str(error), "internal_baseten_error")


def unreadable(error: UnreadableRequest) -> CallRefused:
    """The queue's file holds something else than this request."""
    return CallRefused(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))


def refusal(error: CallRefused | PredictionRefused) -> CallRefused:
    """Return the answer to a sync call whose prediction cannot be made."""
    if isinstance(error, CallRefused):
        return error
    status, code = _REFUSALS[type(error)]
    return CallRefused(status, str(error), code)


def invalid_body(error: "ValidationError") -> CallRefused:
    """The body is not JSON, lacks a field or has one out of range. Names every problem, but no value."""
    problems = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        field = ".".join(str(step) for step in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        problems.append(f"{field}: {message}" if field else message)
    return CallRefused(HTTPStatus.BAD_REQUEST, "; ".join(problems[:5]))
