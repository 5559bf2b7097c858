"""The API's error answers: which status, code and words the platform has for each problem.

Every body is `{"error": …, "error_code": …}` (ErrorResponse of the OpenAPI inference spec).
"""

from http import HTTPStatus
from typing import TYPE_CHECKING

from async_emulator.errors import NoRoom, NotDeployed, PredictionLost, PredictionRefused, PredictionTimedOut

if TYPE_CHECKING:
    from pydantic import ValidationError
    from starlette.responses import JSONResponse

_CODES = {
    HTTPStatus.BAD_REQUEST: "client_error",
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "unauthorized",
    HTTPStatus.NOT_FOUND: "client_error",
    HTTPStatus.METHOD_NOT_ALLOWED: "client_error",
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


class ApiError(Exception):
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


def unauthorized(status: int = HTTPStatus.UNAUTHORIZED) -> ApiError:
    """The key is missing or wrong."""
    return ApiError(HTTPStatus(status), "please check the api-key you provided")


def not_found(message: str) -> ApiError:
    """There is no such path or request."""
    return ApiError(HTTPStatus.NOT_FOUND, message)


def no_deployment(deployment_id: str) -> ApiError:
    """The path names a deployment that is not served here."""
    message = f"there is no deployment {deployment_id!r}"
    return ApiError(HTTPStatus.NOT_FOUND, message, "model_does_not_exist")


def no_environment(name: str) -> ApiError:
    """The path or the host names an environment that leads to no deployment."""
    message = f"there is no environment {name!r}"
    return ApiError(HTTPStatus.NOT_FOUND, message, "model_does_not_exist")


def unknown_host(host: str) -> ApiError:
    """The host is that of a model or a chain that is not served here, or that cannot do this."""
    return ApiError(HTTPStatus.NOT_FOUND, f"nothing at {host} answers this", "model_does_not_exist")


def not_served_here(kinds: str) -> ApiError:
    """The path is one for something of another kind."""
    return ApiError(HTTPStatus.NOT_FOUND, f"there is no {kinds} here", "model_does_not_exist")


def wrong_paths_for_host(host: str, *, is_regional: bool) -> ApiError:
    """The host says which environment is meant and the path does too, or neither does."""
    allowed = "without /environments, /deployment, …" if is_regional else "such as /production/…"
    return not_found(f"{host} has paths {allowed}")


def ambiguous_host(owner_ids: list[str]) -> ApiError:
    """Several models are served, and neither the host nor the path says which is meant."""
    names = ", ".join(sorted(set(owner_ids)))
    return not_found(f"which of {names} is meant? Name it in the Host header, or a deployment in the path")


def rate_limited(limit: str) -> ApiError:
    """Too many calls, or too many requests: `limit` says which is exceeded."""
    return ApiError(HTTPStatus.TOO_MANY_REQUESTS, f"Rate limit exceeded: {limit}. Please try again later.")


def payload_too_large(size: int, limit: int) -> ApiError:
    """The body has more bytes than are allowed."""
    return ApiError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"payload size of {size} bytes exceeds maximum size of {limit} bytes",
    )


def wrong_method(method: str, path: str) -> ApiError:
    """The path exists, with another method."""
    return ApiError(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} is not allowed at {path}")


def internal(error: Exception) -> ApiError:
    """A fault of the emulator's own."""
    return ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, type(error).__name__)


def refusal(error: ApiError | PredictionRefused) -> ApiError:
    """Return the answer to a sync call whose prediction cannot be made."""
    if isinstance(error, ApiError):
        return error
    status, code = _REFUSALS[type(error)]
    return ApiError(status, str(error), code)


def invalid_body(error: "ValidationError") -> ApiError:
    """The body is no JSON, lacks a field or has one out of range; every problem is named, no value shown."""
    problems = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        field = ".".join(str(step) for step in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        problems.append(f"{field}: {message}" if field else message)
    return ApiError(HTTPStatus.BAD_REQUEST, "; ".join(problems[:5]))
