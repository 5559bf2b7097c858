"""The id of the request being served, from the call's headers or from Truss's context."""

import sys
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from truss_outputs.errors import MissingRequestId

REQUEST_ID_HEADER = "x-baseten-request-id"


class HasHeaders(Protocol):
    """The part of a request that is used; Truss passes hooks a `starlette.requests.Request`."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers; starlette's ignore case."""


def request_id_of(request: HasHeaders | None) -> str:
    """Return the id of this request, or else of the one served in this context. Raises MissingRequestId."""
    found = request.headers.get(REQUEST_ID_HEADER) if request is not None else _id_in_context()
    if not found:
        raise MissingRequestId
    return found


def request_among(arguments: tuple[Any, ...]) -> HasHeaders | None:
    """Return the request among a hook's arguments, None without one.

    Only a starlette request counts: a model's input comes from the caller, and must not choose the id.
    """
    starlette = sys.modules.get("starlette.requests")  # imported if any argument is a request
    if starlette is None:
        return None
    return next((each for each in arguments if isinstance(each, starlette.Request)), None)


def _id_in_context() -> str | None:
    """Return the id that a Truss server (since truss 0.15.5) or a chainlet has, importing neither."""
    if config := sys.modules.get("_truss_shared.log_config"):
        context = getattr(config, "request_id_context", None)
        if context is not None and (found := context.get(None)):
            return str(found)
    chainlet = sys.modules.get("truss_chains.remote_chainlet.utils")
    if chainlet and (found := chainlet.get_request_id()):
        return str(found)
    if chains := sys.modules.get("truss_chains.framework"):
        is_local = chains.run_local_stack_depth.get(None) is not None
        return f"local-{uuid.uuid4().hex}" if is_local else None
    return None
