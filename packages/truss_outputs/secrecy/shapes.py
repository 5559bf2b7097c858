"""Secrets that nobody told us about, known by their shape alone."""

import re

SHAPES = (
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

# A name is made of words. A random value has a run of letters and digits mixed, or one too long for a word.
_RUN = re.compile(r"[A-Za-z0-9]+")
_LONGEST_WORD = 24
_SHORTEST_MIXTURE = 10


def is_like_a_secret(name: str) -> bool:
    """Whether text that was given as a name is more likely the secret itself."""
    return any(len(run) > _LONGEST_WORD or _is_mixture(run) for run in _RUN.findall(name))


def _is_mixture(run: str) -> bool:
    """Whether digits stand among letters; those at the end of a word only number it."""
    return len(run) >= _SHORTEST_MIXTURE and any(map(str.isdigit, run.rstrip("0123456789")))
