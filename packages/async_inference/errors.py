"""The errors of the caller's side.

    InferenceError
    ├── InvalidSetting (ValueError)           a model id, URL or key with which no call can be made
    ├── ConnectionFailed (ConnectionError)    no answer; a submit may or may not have been accepted
    ├── ApiError                              the service refused, or its answer cannot be read
    │   ├── InvalidRequest (ValueError)         400
    │   ├── Unauthorized (PermissionError)      401, 403
    │   ├── NotFound (LookupError)              404: no such request, model or deployment
    │   ├── PayloadTooLarge (ValueError)        413
    │   └── RateLimited                         429
    ├── RequestFailed                         the request ended without a result
    ├── ResultMissing (LookupError)           the request succeeded, but its result is not in the store
    ├── NotAuthentic (ValueError)             a webhook or a stored result that somebody else may have written
    └── WaitTimeout (TimeoutError)            the request did not end within the time the caller gave

No message and no repr ever holds an API key.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from async_inference.wire import AsyncRequestStatus, RequestStatus


class InferenceError(Exception):
    """The base of every error that this package raises on purpose."""


class InvalidSetting(InferenceError, ValueError):
    """A value with which no call can be made. `problem` never holds the value of a key."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self.problem = problem
        super().__init__(f"{name}: {problem}")


class ConnectionFailed(InferenceError, ConnectionError):
    """No answer came."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"nothing answers at {url}: {reason}")


class ApiError(InferenceError):
    """The service answered with an error, or with something that cannot be read.

    `error` and `error_code` are the service's own words; `url` is the URL that was called.
    """

    def __init__(self, *, status_code: int, error: str, url: str, error_code: str | None = None) -> None:
        self.status_code = status_code
        self.error = error
        self.error_code = error_code
        self.url = url
        super().__init__(f"{url} answered {status_code}: {error}")


class InvalidRequest(ApiError, ValueError):
    """The service does not accept this request."""


class Unauthorized(ApiError, PermissionError):
    """The API key is missing, wrong, or not allowed to do this."""


class NotFound(ApiError, LookupError):
    """No such request, model or deployment.

    The platform forgets a request an hour after it ended (docs.baseten.co/inference/async), so a request that
    is not found may have succeeded: its result is in the store.
    """


class PayloadTooLarge(ApiError, ValueError):
    """The body is over the limit, 256 KiB by default (docs.baseten.co/inference/errors)."""


class RateLimited(ApiError):
    """Too many calls, or too many queued requests. The call may be repeated later."""


class RequestFailed(InferenceError):
    """The request ended as FAILED, EXPIRED or CANCELED, with no result in the store."""

    def __init__(self, status: "AsyncRequestStatus") -> None:
        self.status = status
        reasons = "; ".join(f"{error.code}: {error.message}" for error in status.errors)
        ending = {"EXPIRED": "expired in the queue", "CANCELED": "was canceled"}
        what = f"request {status.request_id} {ending.get(status.status, 'failed')}"
        super().__init__(f"{what}: {reasons}" if reasons else what)


class ResultMissing(InferenceError, LookupError):
    """The request succeeded, but there is no result at its URL."""

    def __init__(self, request_id: str, url: str) -> None:
        self.request_id = request_id
        self.url = url
        super().__init__(
            f"request {request_id} succeeded, but there is no result at {url}: "
            "does the model store its outputs there?"
        )


class NotAuthentic(InferenceError, ValueError):
    """A webhook or a stored result is not correctly signed. `reason` names no secret."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"not authentic: {reason}")


class WaitTimeout(InferenceError, TimeoutError):
    """The request did not end in time; it may still end.

    `status` is the last one seen, or None; `trouble` is the last error of the service or the store, if their
    last call failed.
    """

    def __init__(
        self,
        request_id: str,
        seconds: float,
        status: "RequestStatus | None",
        trouble: Exception | None = None,
    ) -> None:
        self.request_id = request_id
        self.seconds = seconds
        self.status = status
        self.trouble = trouble
        seen = f"last seen {status}" if status else "its status is not known"
        why = f"; {trouble}" if trouble else ""
        super().__init__(f"no result of request {request_id} after {seconds:g} s ({seen}{why})")


BY_STATUS_CODE: dict[int, type[ApiError]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    413: PayloadTooLarge,
    429: RateLimited,
}
