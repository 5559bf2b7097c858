"""The async API's four calls, one method each.

A call is made once. The platform has no idempotency key, so a repeated submit may be accepted twice: whether
to repeat a call is the caller's decision.
"""

import json
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from async_inference.api_key import check_api_key
from async_inference.endpoint import Endpoint
from async_inference.errors import BY_STATUS_CODE, ApiError, ConnectionFailed
from async_inference.wire import (
    AsyncPredictRequest,
    AsyncQueueStatus,
    AsyncRequestAccepted,
    AsyncRequestStatus,
    CancelAsyncRequestResult,
)

_Answer = TypeVar("_Answer", bound=BaseModel)


class AsyncInferenceClient:
    """A client of one deployment. Threads may share it; close it, or use it in a `with`.

    Every method raises `ConnectionFailed` if nothing answers, and `ApiError` or a subclass if the service
    refuses or its answer cannot be read. `timeout` is in seconds and applies to each step of a call:
    connecting, sending, receiving.
    """

    def __init__(
        self,
        *,
        api_key: str,
        endpoint: Endpoint,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        check_api_key(api_key)
        self._endpoint = endpoint
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=timeout,
            transport=transport,
            trust_env=not endpoint.is_local,  # a proxy cannot reach the loopback of this machine
        )

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint that this client calls."""
        return self._endpoint

    def submit(self, request: AsyncPredictRequest) -> str:
        """Queue `request` and return its request id.

        A chain's `model_input` holds the arguments of its entrypoint by name. Fields that were not set
        are not sent: the platform's own defaults apply.
        """
        body = request.model_dump_json(exclude_unset=True).encode()
        url = self._endpoint.submit
        return self._call("POST", url, AsyncRequestAccepted, success=201, body=body).request_id

    def status(self, request_id: str) -> AsyncRequestStatus:
        """Return the request's status. Raises `NotFound` for an unknown id, and an hour after the end."""
        return self._call("GET", self._endpoint.async_request(request_id), AsyncRequestStatus)

    def cancel(self, request_id: str) -> CancelAsyncRequestResult:
        """Cancel the request if it is still queued; the answer's `canceled` says whether it was."""
        return self._call("DELETE", self._endpoint.async_request(request_id), CancelAsyncRequestResult)

    def queue_status(self) -> AsyncQueueStatus:
        """Return how many requests of the deployment are queued and in progress."""
        return self._call("GET", self._endpoint.async_queue_status, AsyncQueueStatus)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(
        self, method: str, url: str, answer: type[_Answer], *, success: int = 200, body: bytes | None = None
    ) -> _Answer:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            response = self._http.request(method, url, content=body, headers=headers)
        except httpx.RequestError as error:
            raise ConnectionFailed(self._endpoint.base_url, self._reason(error)) from error
        if response.status_code != success:
            raise _refusal(response, url)
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as error:
            problem = "; ".join(
                f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()
            )
            raise ApiError(
                status_code=success, error=f"not an {answer.__name__}: {problem}", url=url
            ) from error

    def _reason(self, error: httpx.RequestError) -> str:
        if isinstance(error, httpx.TimeoutException):
            return "no answer in time"
        if isinstance(error, httpx.ConnectError) and self._endpoint.is_local:
            return "start it with 'truss-async serve'"
        return str(error) or type(error).__name__


def _refusal(response: httpx.Response, url: str) -> ApiError:
    """Make an error from a body in the platform's form `{"error", "error_code", "detail"}` or any other."""
    try:
        content: Any = from_json(response.content)  # refuses what is nested too deep, without RecursionError
    except ValueError:
        content = None
    fields = content if isinstance(content, dict) else {}
    text = response.text.strip()[:200] or response.reason_phrase
    said = fields.get("error") or fields.get("detail") or text
    code = fields.get("error_code")
    return BY_STATUS_CODE.get(response.status_code, ApiError)(
        status_code=response.status_code,
        error=said if isinstance(said, str) else json.dumps(said),
        error_code=code if isinstance(code, str) else None,
        url=url,
    )
