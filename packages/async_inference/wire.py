"""The messages of the async API.

Names, defaults and bounds are from Baseten's OpenAPI inference spec (baseten-go, 2026-07-01) and from
docs.baseten.co/inference/async. Where the two differ, the guide and the status reference decide.
"""

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from async_inference.codes import ErrorCode, RequestStatus, WebhookStatus
from truss_outputs.results.document import AsyncPredictResult, AsyncRequestError

__all__ = [
    "AsyncPredictRequest",
    "AsyncPredictResult",
    "AsyncQueueStatus",
    "AsyncRequestAccepted",
    "AsyncRequestError",
    "AsyncRequestStatus",
    "CancelAsyncRequestResult",
    "ErrorCode",
    "ErrorResponse",
    "InferenceRetryConfig",
    "RequestStatus",
    "WebhookStatus",
]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class InferenceRetryConfig(_Message):
    """How many times a failed prediction is tried. Delays are in milliseconds and double each time."""

    max_attempts: Annotated[int, Field(strict=True, ge=1, le=10)] = 3
    initial_delay_ms: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 1_000
    max_delay_ms: Annotated[int, Field(strict=True, ge=0, le=60_000)] = 5_000


def _is_web_url(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("must be an https URL (http only on localhost)")
    return value


class AsyncPredictRequest(_Message):
    """The body of `async_predict`, and in its wrapped form of `async_run_remote`.

    `priority` 0 is served first. A request still queued after `max_time_in_queue_seconds` expires.
    """

    model_input: JsonValue
    webhook_endpoint: (
        Annotated[str, AfterValidator(_is_web_url), Field(json_schema_extra={"format": "uri"})] | None
    ) = None
    priority: Annotated[int, Field(strict=True, ge=0, le=2)] = 0
    max_time_in_queue_seconds: Annotated[int, Field(strict=True, ge=10, le=259_200)] = 600
    inference_retry_config: InferenceRetryConfig = InferenceRetryConfig()


class AsyncRequestAccepted(_Message):
    """The answer to a submit (201)."""

    request_id: str


class AsyncRequestStatus(_Message):
    """The answer to `GET /async_request/{request_id}`, with a `model_id` or a `chain_id`."""

    request_id: str
    model_id: str | None = None
    chain_id: str | None = None
    deployment_id: str
    status: RequestStatus
    webhook_status: WebhookStatus
    created_at: AwareDatetime
    status_at: AwareDatetime
    errors: list[AsyncRequestError] = []


class CancelAsyncRequestResult(_Message):
    """The answer to `DELETE /async_request/{request_id}`: 200 even if it was too late to cancel."""

    request_id: str
    canceled: bool
    message: str


class AsyncQueueStatus(_Message):
    """The answer to `GET /…/async_queue_status`; for a chain, `model_id` is the chain's id too."""

    model_id: str
    chain_id: str | None = None
    deployment_id: str
    num_queued_requests: int
    num_in_progress_requests: int


class ErrorResponse(_Message):
    """The body of every refusal. `error_code` is one of the platform's, such as `rate_limited`."""

    error: str | None = None
    error_code: str | None = None
    detail: str | None = None
