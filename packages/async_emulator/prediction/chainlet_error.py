"""The root cause of a chain's failure in one line: the first exception, in whichever chainlet.

A chainlet answers truss_chains' RemoteErrorDetail as JSON. Where it passes on an exception of a chainlet that
it called, the message is a tree of tracebacks with the root at the bottom (truss_chains,
`remote_chainlet/utils.py`, `response_raise_errors`).
A KeyError shows its message, with the tree, as a repr. Pure.
"""

import ast
import itertools
from collections.abc import Mapping
from typing import Any

_TRACEBACK = "Chainlet-Traceback (most recent call last):\n"
_NOTE = "(Exception class defined in "
_BRANCHES = "│╰ "


def root_reason(detail: Mapping[str, Any]) -> str | None:
    """Return `<class>: <message>` of the first exception; None: `detail` is not a RemoteErrorDetail."""
    name, message = detail.get("exception_cls_name"), detail.get("exception_message")
    if not isinstance(name, str) or not isinstance(message, str):
        return None
    return _reason_at_the_root(message) or _one_line(f"{name}: {message}")


def _reason_at_the_root(message: str) -> str | None:
    """Return the reason below the last traceback of the tree; None: the message holds no tree."""
    tree, found, root = _unquoted(message).rpartition(_TRACEBACK)
    if not found:
        return None
    # Every line of the root's traceback is indented by the same branches of the tree as its first.
    margin = len(tree) - tree.rfind("\n") - 1
    raised = itertools.takewhile(lambda line: not line.lstrip(_BRANCHES).startswith(_NOTE), root.splitlines())
    reason = "\n".join(itertools.dropwhile(_is_of_a_frame, (line[margin:] for line in raised)))
    _, _, raised_with = reason.partition(": ")
    return _reason_at_the_root(raised_with) or _one_line(reason) or None


def _unquoted(message: str) -> str:
    if _TRACEBACK.rstrip() not in message or message[0] not in "'\"" or message[-1] != message[0]:
        return message
    try:
        return str(ast.literal_eval(message))
    except Exception:  # it only looks like a repr
        return message


def _is_of_a_frame(line: str) -> bool:
    return line.startswith("  ")  # as are a frame's place and its code; the error itself is not indented


def _one_line(text: str) -> str:
    return " ".join(text.split()).removesuffix(":")
