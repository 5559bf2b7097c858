"""What can go wrong between a caller and the async API.

    InferenceError
    ├── InvalidSetting (ValueError)           a model id, URL or key that no call could be made with
    ├── ConnectionFailed (ConnectionError)    no answer; for a submit, whether it was accepted is unknown
    ├── ApiError                              the service answered, and refused
    │   ├── InvalidRequest (ValueError)         400
    │   ├── Unauthorized (PermissionError)      401, 403
    │   ├── NotFound (LookupError)              404: no such request, model or deployment
    │   ├── PayloadTooLarge (ValueError)        413
    │   └── RateLimited                         429
    ├── RequestFailed                         the request ended without a result
    ├── ResultMissing (LookupError)           the request succeeded, and its result is not in the store
    ├── NotAuthentic (ValueError)             a webhook or a stored result that somebody else may have written
    └── WaitTimeout (TimeoutError)            the request had not ended within the time the caller gave

No message and no repr ever holds an API key.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from async_inference.wire import AsyncRequestStatus, RequestStatus


class InferenceError(Exception):
    """Base of everything this package raises on purpose."""


class InvalidSetting(InferenceError, ValueError):
    """A value that no call could be made with. `problem` never holds the value of a key."""

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
    """The service answered, but not with what was asked for.

    `error` and `error_code` are the service's own words; `url` is what was called.
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
    """Too many calls, or too many requests queued. The call may be made again later."""


class RequestFailed(InferenceError):
    """The request ended as FAILED, EXPIRED or CANCELED, with no result in the store."""

    def __init__(self, status: "AsyncRequestStatus") -> None:
        self.status = status
        reasons = "; ".join(f"{error.code}: {error.message}" for error in status.errors)
        ending = {"EXPIRED": "expired in the queue", "CANCELED": "was canceled"}
        what = f"request {status.request_id} {ending.get(status.status, 'failed')}"
        super().__init__(f"{what}: {reasons}" if reasons else what)


class ResultMissing(InferenceError, LookupError):
    """The request succeeded, but there is nothing at the place its result belongs."""

    def __init__(self, request_id: str, url: str) -> None:
        self.request_id = request_id
        self.url = url
        super().__init__(
            f"request {request_id} succeeded, but there is no result at {url}: "
            "does the model store its outputs in this place?"
        )


class NotAuthentic(InferenceError, ValueError):
    """A webhook, or a stored result, is not signed as it should be. `reason` names no secret."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"not authentic: {reason}")


class WaitTimeout(InferenceError, TimeoutError):
    """The request had not ended in time; it may yet.

    `status` is the last one seen, if any was; `trouble` is what kept service or store from answering at last.
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
