"""The root cause of a chain's failure in one line: the first exception, in whichever chainlet.

A chainlet answers truss_chains' RemoteErrorDetail as JSON. Where it passes on an exception of a chainlet that
it called, the message is a tree of tracebacks with the root at the bottom (truss_chains,
`remote_chainlet/utils.py`, `response_raise_errors`). Pure.
"""

import itertools
from collections.abc import Mapping
from typing import Any

_TRACEBACK = "Chainlet-Traceback (most recent call last):"
_NOTE = "(Exception class defined in "
_BRANCHES = "│╰ "


def root_reason(detail: Mapping[str, Any]) -> str | None:
    """Return `<class>: <message>` of the first exception; None: `detail` is not a RemoteErrorDetail."""
    name, message = detail.get("exception_cls_name"), detail.get("exception_message")
    if not isinstance(name, str) or not isinstance(message, str):
        return None
    lines = message.splitlines()
    roots = [number for number, line in enumerate(lines) if line.endswith(_TRACEBACK)]
    if not roots:
        return _one_line(f"{name}: {message}")
    # Every line of the root's traceback is indented by the same branches of the tree as its first.
    margin = len(lines[roots[-1]]) - len(_TRACEBACK)
    root = itertools.takewhile(
        lambda line: not line.lstrip(_BRANCHES).startswith(_NOTE), lines[roots[-1] + 1 :]
    )
    below = [line[margin:] for line in root]
    while below and below[0].startswith("  "):  # the frames of the traceback, with their code
        del below[0]
    return _one_line(" ".join(below) or f"{name}: {lines[-1]}")


def _one_line(text: str) -> str:
    return " ".join(text.split()).removesuffix(":")
