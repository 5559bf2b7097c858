"""The fast way for an output that is plain JSON already, which most are.

What takes the time is not to write JSON but to be sure that it is JSON. So types are not asked for value by
value but for a whole level of the output at once, in a few calls that loop in C.
"""

from itertools import chain
from types import NoneType
from typing import Any

from pydantic_core import to_json

_TEXT_KEYS = {str}
_CONTAINERS = frozenset((dict, list))
_JSON = _CONTAINERS | {str, int, float, bool, NoneType}


def plain_json(value: object, *, levels: int) -> bytes | None:
    """`value` as compact JSON; None if it is anything but plain JSON of at most so many levels.

    Plain are text, numbers, true, false, null, and lists and dicts of them with text as keys: of exactly
    these types, so that nothing has to be changed on the way.
    """
    kinds = _kinds(value, levels)
    if kinds is None:
        return None
    try:
        # If there is a NaN it is written as one, to be seen below.
        body = to_json(value, inf_nan_mode="constants")
    except ValueError:  # text that is not valid Unicode
        return None
    if float in kinds and (b"NaN" in body or b"Infinity" in body):  # though perhaps only in text
        return None
    return body


def _kinds(value: object, levels: int) -> set[type] | None:
    """The types of all values in `value`, or None if it is not plain."""
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
        # Of keys that are equal one is looked at: what equals text is text, or is written as the same text.
        if not set(map(type, set().union(*dicts))) <= _TEXT_KEYS:
            return None
        # One that holds itself twice would double the level for ever: the slow way knows those.
        if len(set(map(id, dicts))) < len(dicts) or len(set(map(id, lists))) < len(lists):
            return None
        level = [*chain.from_iterable(map(dict.values, dicts)), *chain.from_iterable(lists)]
    return None


def _those_of(kind: type, level: Any, kinds: set[type]) -> Any:
    """The values in `level` that are of one kind, where all of them are of `kinds`."""
    if kind not in kinds:
        return ()
    return level if len(kinds) == 1 else [item for item in level if type(item) is kind]
