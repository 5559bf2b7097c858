"""The caller's side of Baseten's async inference: submit, follow, and fetch results from the bucket.

Every name here is imported when it is first used, so that the command and the emulator, which need only a
part, do not wait for the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from async_inference.client import AsyncInferenceClient
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
        ErrorCode,
        InferenceRetryConfig,
        RequestStatus,
        WebhookStatus,
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

# Where the names live, lightest first.
_HOMES = ("errors", "endpoint", "wire", "client", "download", "wait", "webhooks")


def __getattr__(name: str) -> object:
    if name in __all__:
        for home in _HOMES:
            module = import_module(f"{__name__}.{home}")
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
