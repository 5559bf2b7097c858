"""The fast way to encode an output that is plain JSON already, as most outputs are.

Plain JSON is text, numbers, true, false, null, and lists and dicts of them with text as keys, all of exactly
these types, so that nothing has to be converted. Writing JSON is fast; checking that a value is plain JSON is
slow. So types are checked not value by value but for a whole level of the output at once, in a few calls that
loop in C.
"""

from itertools import chain
from types import NoneType
from typing import Any

from pydantic_core import to_json

_TEXT_KEYS = {str}
_CONTAINERS = frozenset((dict, list))
_JSON = _CONTAINERS | {str, int, float, bool, NoneType}

# Parsers of JSON, those of Python and of pydantic included, refuse integers of more digits.
MOST_DIGITS = 4300
_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"000000000")
_TOO_MANY_DIGITS = b"0" * (MOST_DIGITS + 1)


def plain_json(value: object, *, levels: int) -> bytes | None:
    """Return `value` as compact JSON, or None if it is not plain JSON of at most so many levels."""
    kinds = _kinds(value, levels)
    if kinds is None:
        return None
    try:
        # NaN and infinities are written as constants, which the check below finds.
        body = to_json(value, inf_nan_mode="constants")
    except ValueError:  # the text is not valid Unicode
        return None
    if float in kinds and (b"NaN" in body or b"Infinity" in body):  # or text that holds these words
        return None
    if int in kinds and _has_too_many_digits(body):
        return None
    return body


def _has_too_many_digits(body: bytes) -> bool:
    """Whether a number in `body` has too many digits to be read back, or a text has as many in a row."""
    return len(body) > MOST_DIGITS and _TOO_MANY_DIGITS in body.translate(_DIGITS_AS_ZERO)


def _kinds(value: object, levels: int) -> set[type] | None:
    """Return the types of all values in `value`, or None if it is not plain JSON."""
    all_kinds: set[type] = set()
    level: Any = (value,)
    for _ in range(levels + 1):
        kinds = set(map(type, level))
        if not kinds <= _JSON:
            return None
        all_kinds |= kinds
        if kinds.isdisjoint(_CONTAINERS):
            return all_kinds
        dicts = _those_of(dict, level, kinds)
        lists = _those_of(list, level, kinds)
        # The union keeps one of the keys that are equal: whatever equals text is written as the same text.
        if not set(map(type, set().union(*dicts))) <= _TEXT_KEYS:
            return None
        # A container that holds itself twice would double each level: the slow way refuses it.
        if len(set(map(id, dicts))) < len(dicts) or len(set(map(id, lists))) < len(lists):
            return None
        level = [*chain.from_iterable(map(dict.values, dicts)), *chain.from_iterable(lists)]
    return None


def _those_of(kind: type, level: Any, kinds: set[type]) -> Any:
    """Return the values in `level` that are of one type; `kinds` are the types of all of them."""
    if kind not in kinds:
        return ()
    return level if len(kinds) == 1 else [item for item in level if type(item) is kind]
