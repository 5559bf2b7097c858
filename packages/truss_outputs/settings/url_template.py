"""Placeholders in a store's url, such as `{environment}`, that are filled in where the model runs."""

import re
from collections.abc import Mapping

from truss_outputs.secrecy.urls import shown_url

PLACEHOLDERS = ("environment", "model_id", "deployment_id")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_VALUE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_UNKNOWN = "none"  # of a model outside Baseten, or in no environment


def expand(template: str, values: Mapping[str, str | None]) -> str:
    """`template` with every placeholder filled in; an unknown value becomes `none`.

    Raises ValueError for an unknown placeholder, for one in the bucket's name, and for a value that could
    lead to another place.
    """
    allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)

    def value_of(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in PLACEHOLDERS:
            raise ValueError(f"found {shown_url(found.group())!r} in the url; allowed: {allowed}")
        value = values.get(name) or _UNKNOWN
        if not _VALUE.fullmatch(value):
            raise ValueError(f"found the {name} {value[:40]!r}; allowed: letters, digits, '.', '-' and '_'")
        return value

    scheme, slashes, rest = template.partition("://")
    place, slash, path = rest.partition("/")
    path = _PLACEHOLDER.sub(value_of, path)
    for part in (scheme, place, _PLACEHOLDER.sub("", path)):
        if {"{", "}"} & set(part):
            raise ValueError(f"found {shown_url(template)!r}; allowed: {allowed}, after the bucket's name")
    return f"{scheme}{slashes}{place}{slash}{path}"
