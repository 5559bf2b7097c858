"""The async API's enumerations, which several of its messages and URLs share."""

from enum import StrEnum


class Kind(StrEnum):
    """The kinds of deployment: models are called by `predict`, chains by `run_remote`."""

    MODEL = "model"
    CHAIN = "chain"


class RequestStatus(StrEnum):
    """The state of an async request."""

    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    CANCELED = "CANCELED"
    WEBHOOK_FAILED = "WEBHOOK_FAILED"

    @property
    def is_terminal(self) -> bool:
        """Whether the request has reached its last status."""
        return self not in (RequestStatus.QUEUED, RequestStatus.IN_PROGRESS)


class WebhookStatus(StrEnum):
    """The state of the webhook that delivers an async request's result."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    NO_WEBHOOK_PROVIDED = "NO_WEBHOOK_PROVIDED"


class ErrorCode(StrEnum):
    """Why an async request failed (`AsyncRequestError.code`)."""

    MODEL_PREDICT_ERROR = "MODEL_PREDICT_ERROR"
    MODEL_PREDICT_TIMEOUT = "MODEL_PREDICT_TIMEOUT"
    MODEL_NOT_READY = "MODEL_NOT_READY"
    MODEL_DOES_NOT_EXIST = "MODEL_DOES_NOT_EXIST"
    MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"
    MODEL_INVALID_INPUT = "MODEL_INVALID_INPUT"
    ASYNC_REQUEST_NOT_SUPPORTED = "ASYNC_REQUEST_NOT_SUPPORTED"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
