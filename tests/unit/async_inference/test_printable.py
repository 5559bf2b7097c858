import json
import unicodedata

import pytest
from hypothesis import given, strategies

from async_inference.printable import one_line, printable, printable_in_colour, printable_json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("é 日本\u3000語 👩\u200d💻 \t\u00a0", "é 日本\u3000語 👩\u200d💻 \t\u00a0"),
        ("a\nready: b\r", r"a\nready: b\r"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("\x85\u2028\u2029\x9b1m", r"\x85\u2028\u2029\x9b1m"),
        ("\u202eabc\u2066\u200f", r"\u202eabc\u2066\u200f"),
        ("\ud800\U000e0041\x00\x7f", r"\ud800\U000e0041\x00\x7f"),
    ],
)
def test_what_breaks_a_line_or_steers_a_terminal_is_escaped(text, shown):
    assert printable(text) == shown


def test_line_breaks_can_become_spaces():
    assert one_line("a\nb\r\nc\u2028d\x1be") == r"a b c d\x1be"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred", "\x1b[1;31mred\x1b[0m"),
        ("\x1b[38;5;1mred\x1b[m", "\x1b[38;5;1mred\x1b[m\x1b[0m"),
        ("\x1b[38:5:1mred", r"\x1b[38:5:1mred"),
        ("\x1b[2J\x1b[1A", r"\x1b[2J\x1b[1A"),
        ("\x1b[31\nm", r"\x1b[31\nm"),
        ("no colour\u2028", r"no colour\u2028"),
    ],
)
def test_colours_may_stay_and_end_with_the_line(text, shown):
    assert printable_in_colour(text) == shown


ANYTHING = strategies.text(strategies.characters())


@given(ANYTHING)
def test_no_character_gets_through_that_is_no_text(text):
    for shown in (printable(text), one_line(text)):
        categories = {unicodedata.category(each) for each in shown if each != "\t"}
        assert not categories & {"Cc", "Cs", "Zl", "Zp"}
        shown.encode()
        assert len(shown.splitlines()) <= 1


@given(
    strategies.recursive(
        ANYTHING, lambda inner: strategies.lists(inner) | strategies.dictionaries(ANYTHING, inner)
    )
)
def test_json_means_the_same_and_has_no_line_of_its_own(value):
    for indent in (None, 2):
        document = json.dumps(value, ensure_ascii=False, indent=indent)
        shown = printable_json(document)
        assert json.loads(shown) == value
        assert shown.splitlines() == shown.split("\n")
        assert shown.count("\n") == document.count("\n")
        shown.encode()
