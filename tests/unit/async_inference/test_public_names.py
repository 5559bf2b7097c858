import async_inference


def test_the_public_names_are_these_in_order():
    assert async_inference.__all__ == [
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
    assert async_inference.__all__ == sorted(async_inference.__all__)


def test_every_public_name_is_there_and_described():
    for name in async_inference.__all__:
        assert getattr(async_inference, name).__doc__


def test_every_error_is_public_and_in_the_tree_of_the_docstring():
    kinds = [async_inference.InferenceError]
    for kind in kinds:
        kinds += kind.__subclasses__()
        assert kind.__name__ in async_inference.__all__
        assert f"{kind.__name__} " in str(async_inference.errors.__doc__).replace("\n", " ")


def test_no_other_name_is_there():
    assert not hasattr(async_inference, "nothing")
