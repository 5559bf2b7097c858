"""The caller's trace, from the `traceparent` header of a call (w3.org/TR/trace-context)."""

import re
import sys

from truss_outputs.request_id import HasHeaders

TRACEPARENT_HEADER = "traceparent"
TRACESTATE_HEADER = "tracestate"

# Version, trace id, parent id, flags. Ids of zeros alone and version ff are invalid.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_LENGTH = 55


def traceparent_of(request: HasHeaders | None) -> str | None:
    """Return the caller's `traceparent`, or else that of the chainlet's call; None without a valid one.

    A later version of the format may append fields: they are left out.
    """
    value = _traceparent_in_context() if request is None else request.headers.get(TRACEPARENT_HEADER)
    if not isinstance(value, str):
        return None
    value = value.strip(" \t")
    known, more = value[:_LENGTH], value[_LENGTH:]
    if more and (known.startswith("00-") or not more.startswith("-")):
        return None
    return known if _TRACEPARENT.fullmatch(known) else None


def _traceparent_in_context() -> str | None:
    """Return what truss_chains knows of the call that this chainlet answers. Imports nothing."""
    chainlet = sys.modules.get("truss_chains.remote_chainlet.utils")
    known = getattr(chainlet, "get_trace_parent", None)
    return known() if known else None
