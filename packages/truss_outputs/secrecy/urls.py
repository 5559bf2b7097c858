"""Urls as messages may show them."""

import re

from truss_outputs.secrecy.shapes import SHAPES

_HIDDEN = "…"
_LONGEST = 200

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}:[/\\]{2}")
_HIDDEN_PARTS = (
    # An '@' ends a user name and password, wherever a mistake put it, and however often it was escaped.
    (re.compile(r".*(?:@|%(?:25)*40)", re.DOTALL), f"{_HIDDEN}@"),
    # What follows may be a signature: in a query, a fragment, or the parts of a connection string.
    (re.compile(r"(?:[?#;&=]|%(?:25)*(?:3[fFbBdD]|2[36])).*", re.DOTALL), _HIDDEN),
    # What follows a colon may be a password, if it is no port.
    (re.compile(r":(?![0-9]{1,5}(?:[/\\]|$)).*", re.DOTALL), f":{_HIDDEN}"),
    *((shape, _HIDDEN) for shape in SHAPES),
)


def shown_url(text: str) -> str:
    """The part of `text` that holds no credentials, on one line, whether or not it is a correct url.

    A '…' stands for what was left out: all before the last '@', all parameters, and what may be a password.
    """
    scheme = found.group() if (found := _SCHEME.match(text)) else ""
    rest = text[len(scheme) :]
    for hidden, mark in _HIDDEN_PARTS:
        rest = hidden.sub(mark, rest)
    shown = "".join(character if character.isprintable() else "�" for character in scheme + rest)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}{_HIDDEN}"
