"""An exception as one readable line, also where it only passes on what another chainlet raised.

truss_chains raises an error of a called chainlet again under the same class, with a tree of tracebacks as the
message, the root error at the bottom (truss_chains, `remote_chainlet/utils.py`, `response_raise_errors`).
"""

import ast
import itertools

_TRACEBACK = "Chainlet-Traceback (most recent call last):\n"
_NOTE = "(Exception class defined in "
_BRANCHES = "│╰ "


def error_reason(error: BaseException) -> str:
    """Return `<class>: <message>` on one line: for a remote chainlet's error, that of the root exception.

    The line is the same whether the chainlet ran in this process or remotely. It is valid Unicode, and it is
    not redacted: a secret in the exception's message is in the line too.
    """
    text = text_of(error)
    return root_reason(text) or _one_line(f"{type(error).__name__}: {text}")


def root_reason(text: str) -> str | None:
    """Return the reason at the root of a chainlet's error, None where `text` is no such error."""
    tree, found, root = _unquoted(text).rpartition(_TRACEBACK)
    if not found:
        return None
    # Every line of the root's traceback has as many branches of the tree before it as its first line.
    margin = len(tree) - tree.rfind("\n") - 1
    lines = root.splitlines()
    raised = itertools.takewhile(lambda line: not line.lstrip(_BRANCHES).startswith(_NOTE), lines)
    reason = "\n".join(itertools.dropwhile(_is_of_a_frame, (line[margin:] for line in raised)))
    _, _, message = reason.partition(": ")
    return root_reason(message) or _one_line(reason) or None


def text_of(value: object) -> str:
    """Return `str(value)` as valid Unicode, empty where that raises: a report must not raise."""
    try:
        return valid_unicode(str(value))
    except Exception:  # from a __str__ that is not ours
        return ""


def valid_unicode(text: str) -> str:
    """Replace what cannot be encoded, such as half of a surrogate pair, with question marks."""
    return text.encode(errors="replace").decode()


def _unquoted(text: str) -> str:
    """Undo the repr of a tree of tracebacks: a KeyError shows its message as a repr."""
    if _TRACEBACK.rstrip() not in text or text[0] not in "'\"" or text[-1] != text[0]:
        return text
    try:
        return str(ast.literal_eval(text))
    except Exception:  # it only looks like a repr
        return text


def _is_of_a_frame(line: str) -> bool:
    return line.startswith("  ")  # as are a frame's place and its code; the error itself is not indented


def _one_line(text: str) -> str:
    return " ".join(text.split()).removesuffix(":")
