"""Redacts secrets in text: known ones by their value in every form, others by their shape."""

import re
from collections.abc import Iterable
from functools import lru_cache

from truss_outputs.secrecy.forms import SHORTEST_SECRET, pattern_of
from truss_outputs.secrecy.shapes import SHAPES

REDACTED = "[redacted]"

_NAMED = r"(?:api[_-]?key|access[_-]?key|secret|token|password|passwd|signature|credential)"

_LABELLED = (
    re.compile(r"(?P<label>\b(?:Bearer|Basic|Api-Key)\s+)(?!\[redacted\])[^\s'\",;]+", re.IGNORECASE),
    re.compile(r"(?P<label>://[^\s/:@]*:)[^\s/@]+(?=@)"),  # the password in a url
    re.compile(
        rf"(?P<label>{_NAMED}[\w-]{{0,40}}['\"]?\s*[=:]\s*['\"]?)(?!\[redacted\])[^\s'\"&,;}})]+",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<label>[?&;]sig=)(?!\[redacted\])[^\s'\"&,;})]+", re.IGNORECASE),  # of Azure
)

_pattern_of = lru_cache(maxsize=64)(pattern_of)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Redact `secrets` in `text`, also where they are encoded, and whatever looks like a key or password."""
    known = {secret.strip() for secret in secrets}
    for secret in sorted(known, key=len, reverse=True):  # the longest first: one may contain another
        if len(secret) >= SHORTEST_SECRET:
            text = _pattern_of(secret).sub(REDACTED, text)
    for shape in SHAPES:
        text = shape.sub(REDACTED, text)
    for labelled in _LABELLED:
        text = labelled.sub(rf"\g<label>{REDACTED}", text)
    return text
