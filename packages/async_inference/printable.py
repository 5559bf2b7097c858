"""Text from others, made fit for a terminal and a log.

What a model, a caller or a receiver has said may hold line breaks that begin a line of their own choice, and
characters that move the cursor, change colours, or hide and reorder text. They are escaped as Python writes
them, `\\x1b`. Whoever prints what others have said goes through here. Pure.
"""

import re

# Controls (C0 but for the tab, and C1), line and paragraph separators, marks that change the direction of
# text, characters without width but for the two joiners that emoji and some scripts need, half surrogates
# and tags.
_UNSAFE = (
    r"\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f"
)
_UNSAFE_CHARACTER = re.compile(f"[{_UNSAFE}]")
_UNSAFE_OR_COLOUR = re.compile(rf"(\x1b\[[0-9;]*m)|[{_UNSAFE}]")
_RESET = "\x1b[0m"


def printable(text: str) -> str:
    """Return the text on one line, with its line breaks and everything that steers a terminal escaped."""
    return text if text.isprintable() else _UNSAFE_CHARACTER.sub(_escaped, text)


def one_line(text: str) -> str:
    """Return `printable` text whose line breaks are spaces."""
    return text if text.isprintable() else printable(" ".join(text.splitlines()))


def printable_in_colour(text: str) -> str:
    """Return `printable` text that keeps its colours, which end with it.

    Only those forms are kept that `click.echo` removes where its output is no terminal.
    """
    if text.isprintable():
        return text
    shown = _UNSAFE_OR_COLOUR.sub(lambda match: match[1] or _escaped(match), text)
    return shown + _RESET if _RESET[0] in shown else shown


def printable_json(document: str) -> str:
    """Return the same JSON, whose strings have the escapes of JSON in the place of such characters.

    The document has no line breaks but its own.
    """
    return document if document.isprintable() else _UNSAFE_CHARACTER.sub(_escaped_in_json, document)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def _escaped_in_json(match: re.Match[str]) -> str:
    if match[0] == "\n":  # strings hold none: this one is between values
        return match[0]
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
