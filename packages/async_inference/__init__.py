"""The caller's side of Baseten's async inference: submit, follow, and fetch results from the bucket.

Names are imported on first use: the command and the emulator, which need only a part, never pay for the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from async_inference.client import AsyncInferenceClient
    from async_inference.codes import ErrorCode, RequestStatus, WebhookStatus
    from async_inference.download import download_result
    from async_inference.endpoint import Endpoint
    from async_inference.errors import (
        ApiError,
        ConnectionFailed,
        InferenceError,
        InvalidRequest,
        InvalidSetting,
        NotAuthentic,
        NotFound,
        PayloadTooLarge,
        RateLimited,
        RequestFailed,
        ResultMissing,
        Unauthorized,
        WaitTimeout,
    )
    from async_inference.wait import wait_for_result
    from async_inference.webhooks import signature_header, verify_result, verify_signature, verify_webhook
    from async_inference.wire import (
        AsyncPredictRequest,
        AsyncPredictResult,
        AsyncQueueStatus,
        AsyncRequestError,
        AsyncRequestStatus,
        CancelAsyncRequestResult,
        InferenceRetryConfig,
    )

__all__ = [
    "ApiError",
    "AsyncInferenceClient",
    "AsyncPredictRequest",
    "AsyncPredictResult",
    "AsyncQueueStatus",
    "AsyncRequestError",
    "AsyncRequestStatus",
    "CancelAsyncRequestResult",
    "ConnectionFailed",
    "Endpoint",
    "ErrorCode",
    "InferenceError",
    "InferenceRetryConfig",
    "InvalidRequest",
    "InvalidSetting",
    "NotAuthentic",
    "NotFound",
    "PayloadTooLarge",
    "RateLimited",
    "RequestFailed",
    "RequestStatus",
    "ResultMissing",
    "Unauthorized",
    "WaitTimeout",
    "WebhookStatus",
    "download_result",
    "signature_header",
    "verify_result",
    "verify_signature",
    "verify_webhook",
    "wait_for_result",
]

# The module in which each name lives.
_HOMES = {
    "ApiError": "errors",
    "AsyncInferenceClient": "client",
    "AsyncPredictRequest": "wire",
    "AsyncPredictResult": "wire",
    "AsyncQueueStatus": "wire",
    "AsyncRequestError": "wire",
    "AsyncRequestStatus": "wire",
    "CancelAsyncRequestResult": "wire",
    "ConnectionFailed": "errors",
    "Endpoint": "endpoint",
    "ErrorCode": "codes",
    "InferenceError": "errors",
    "InferenceRetryConfig": "wire",
    "InvalidRequest": "errors",
    "InvalidSetting": "errors",
    "NotAuthentic": "errors",
    "NotFound": "errors",
    "PayloadTooLarge": "errors",
    "RateLimited": "errors",
    "RequestFailed": "errors",
    "RequestStatus": "codes",
    "ResultMissing": "errors",
    "Unauthorized": "errors",
    "WaitTimeout": "errors",
    "WebhookStatus": "codes",
    "download_result": "download",
    "signature_header": "webhooks",
    "verify_result": "webhooks",
    "verify_signature": "webhooks",
    "verify_webhook": "webhooks",
    "wait_for_result": "wait",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value
