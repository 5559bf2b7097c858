"""The body of a call, read up to a limit."""

from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request

from async_emulator.api import errors as api_errors
from async_emulator.api.errors import CallRefused

SYNC_BODY_LIMIT = 100_000_000
"""The most bytes of any body (docs.baseten.co/reference/inference-api/overview: 100 MB)."""


async def read_body(request: Request, limit: int) -> bytes:
    """Return the whole body. Raises CallRefused where it is too large, or ends early."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise api_errors.payload_too_large(int(declared), limit)
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise api_errors.payload_too_large(size, limit)
            chunks.append(chunk)
    except ClientDisconnect:
        raise CallRefused(HTTPStatus.BAD_REQUEST, "the caller left before its body was read") from None
    return b"".join(chunks)
