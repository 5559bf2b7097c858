"""Redacts secrets in text: known ones by their value, others by their form."""

import re
from collections.abc import Iterable

REDACTED = "[redacted]"

# Shorter ones would redact ordinary words.
_SHORTEST_SECRET = 6

_NAMED = r"(?:api[_-]?key|access[_-]?key|secret|token|password|passwd|signature|credential)"

_SHAPES = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\bwhsec_[A-Za-z0-9+/=_-]+"),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}"),  # AWS access key ids
    re.compile(r"\bAIza[A-Za-z0-9_-]{30,}"),
    re.compile(r"\b(?:sk|pk|rk|hf|ghp|gho|ghs|github_pat|glpat|xox[abp]|ya29)[_.-][A-Za-z0-9_.-]{10,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"),  # a JWT
    # 40 characters of letters of both cases and digits: an AWS secret access key; 8.32: a Baseten API key
    re.compile(r"(?<![A-Za-z0-9/+])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[0-9])"
               r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])"),
    re.compile(r"\b[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}\b"),
)  # fmt: skip

_LABELLED = (
    re.compile(r"(?P<label>\b(?:Bearer|Basic|Api-Key)\s+)[^\s'\",;]+", re.IGNORECASE),
    re.compile(r"(?P<label>://[^\s/:@]*:)[^\s/@]+(?=@)"),  # the password in a url
    re.compile(
        rf"(?P<label>[\w-]*{_NAMED}[\w-]*['\"]?\s*[=:]\s*['\"]?)(?!\[redacted\])[^\s'\"&,;}})]+",
        re.IGNORECASE,
    ),
)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Redact the values of `secrets` in `text`, and whatever looks like a key, a token or a password."""
    known = {secret.strip() for secret in secrets}
    for secret in sorted(known, key=len, reverse=True):  # the longest first: one may contain another
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, REDACTED)
    for shape in _SHAPES:
        text = shape.sub(REDACTED, text)
    for labelled in _LABELLED:
        text = labelled.sub(rf"\g<label>{REDACTED}", text)
    return text
