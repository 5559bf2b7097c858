"""The answers of a model's server to what went wrong: which of them the platform tries again."""

from truss_outputs.errors import OutputError, is_refusal


def status_of(error: OutputError) -> int:
    """Return 422, which is not tried again, where each attempt would fail the same way, and 500 otherwise.

    Source: docs.baseten.co/inference/async, "Error codes".
    """
    return 422 if is_refusal(error) else 500


def http_error(status_code: int, error: OutputError) -> Exception:
    """Return the exception whose reason Truss passes on to the caller. Of any other it hides the reason."""
    from fastapi import HTTPException  # a Truss server always has it, and nothing else here needs it

    return HTTPException(status_code=status_code, detail=str(error))
