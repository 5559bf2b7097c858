"""One member of a JSON object as it was written. Pure."""

import json
import re

_decode = json.JSONDecoder().raw_decode
_WHITESPACE = re.compile(r"[ \t\n\r]*")


def written_member(document: bytes, name: str) -> bytes:
    """Return the bytes of the value of `name` in an object: of its last one, which is the one that counts.

    `document` must be an object in valid JSON that has the member, with numbers of at most 4,300 digits.
    Parsing it and writing it again would change `1E400`, `-0`, `1.10` and repeated keys.
    """
    text = document.decode()
    value = slice(0)
    at = _next_token(text, 0)
    while text[at] != "}":  # it is the "{", and then the "," before each further member
        key, at = _decode(text, _next_token(text, at + 1))
        start = _next_token(text, _next_token(text, at) + 1)
        _, end = _decode(text, start)
        if key == name:
            value = slice(start, end)
        at = _next_token(text, end)
    return text[value].encode()


def _next_token(text: str, at: int) -> int:
    """Return where the whitespace that begins at `at` ends."""
    return _WHITESPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches even where there is none
