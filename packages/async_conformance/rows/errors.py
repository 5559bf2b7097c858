"""The errors in the status of a failed request."""

from typing import TYPE_CHECKING

from async_conformance.answer import Answer

if TYPE_CHECKING:
    from pydantic import JsonValue

TWICE: "dict[str, JsonValue]" = {"max_attempts": 2, "initial_delay_ms": 0, "max_delay_ms": 0}
"""The retries of a request that is tried twice, at once."""


def first_error(answer: Answer, field: str) -> str:
    """A field of the first error, in a status."""
    errors = answer.field("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get(field)) if isinstance(first, dict) else "none"
