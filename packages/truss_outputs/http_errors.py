"""The answers of a model's server to what went wrong: which of them the platform tries again."""

from truss_outputs.errors import InvalidRequestId, MissingRequestId, OutputError, UnstorableOutput


def status_of(error: OutputError) -> int:
    """Return 422, which is not tried again, where each attempt would fail the same way, and 500 otherwise.

    Source: docs.baseten.co/inference/async, "Error codes".
    """
    match error:
        case UnstorableOutput():
            return 500 if error.is_transient else 422
        case InvalidRequestId() | MissingRequestId():
            return 422
    return 500


def http_error(status_code: int, error: OutputError) -> Exception:
    """Return the exception whose reason Truss passes on to the caller. Of any other it hides the reason."""
    from fastapi import HTTPException  # a Truss server always has it, and nothing else here needs it

    return HTTPException(status_code=status_code, detail=str(error))
