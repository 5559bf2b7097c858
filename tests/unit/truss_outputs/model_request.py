"""The request that the tests' models serve."""

from starlette.requests import Request

REQUEST = "35643965636d4c3da6f54b5c3b354aa0"
MARKER = f"{REQUEST}/result.json"


def request(request_id: str | None = REQUEST) -> Request:
    headers = [(b"x-baseten-request-id", request_id.encode())] if request_id is not None else []
    return Request({"type": "http", "headers": headers})
