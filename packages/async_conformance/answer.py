"""An answer of the target. Nothing about it is taken for granted: what is missing is None."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic_core import from_json

if TYPE_CHECKING:
    import httpx
    from pydantic import JsonValue

_SHOWN = 300
"""The most characters of a text of the target that a fact repeats."""


class Answer:
    """A status, headers and a body, which may be anything.

    A text in `hidden` that the target repeats is blotted out, so that no report ever holds a key.
    """

    def __init__(self, response: "httpx.Response", hidden: Sequence[str] = ()) -> None:
        self.status = response.status_code
        self.content = response.content
        for text in hidden:
            self.content = self.content.replace(text.encode(), b"(hidden)")
        self._headers = response.headers
        self._hidden = hidden

    @property
    def body(self) -> "JsonValue":
        """The body as JSON; None if it is not JSON, or JSON that a report could not hold."""
        try:
            parsed: JsonValue = from_json(self.content, allow_inf_nan=False)
        except ValueError:
            return None
        return parsed

    @property
    def keys(self) -> "list[JsonValue] | None":
        """The keys of the body in their order; None if it is not an object."""
        body = self.body
        return list(body) if isinstance(body, dict) else None

    def field(self, name: str) -> "JsonValue":
        """A field of the body."""
        body = self.body
        return body.get(name) if isinstance(body, dict) else None

    def text(self, name: str) -> str:
        """A field of the body as a short text; an empty one if it is not a text."""
        value = self.field(name)
        return value[:_SHOWN] if isinstance(value, str) else ""

    def header(self, name: str) -> str | None:
        """A header; names ignore case."""
        value: str | None = self._headers.get(name)
        return "(hidden)" if value and any(text in value for text in self._hidden) else value

    @property
    def is_success(self) -> bool:
        """Whether the call did what it should."""
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str:
        """The id of the request, from the body, or else from the header; an empty one if there is none."""
        return self.text("request_id") or self.header("X-Baseten-Request-Id") or ""

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return (self.header("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def in_short(self) -> str:
        """The status, and the error code if there is one."""
        return f"{self.status} {self.text('error_code')}".strip()
