import json

import pytest
from hypothesis import given, strategies

from async_emulator.api.json_member import written_member

NAME = "model_input"
SPELLINGS = ('"model_input"', r'"model\u005finput"', r'"\u006dodel_inpu\u0074"')


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ('{"model_input": 1E400}', "1E400"),
        ('{"model_input":-0}', "-0"),
        ('{"model_input": 1.10 }', "1.10"),
        ('{"model_input": NaN}', "NaN"),
        ('{"model_input": {"a": 1, "a" :2}, "priority": 1}', '{"a": 1, "a" :2}'),
        ('{"x": {"model_input": 1}, "model_input": 2}', "2"),
        ('{"x": "\\"model_input\\": 1", "model_input": [ 2 ]}', "[ 2 ]"),
        ('\n{ "model_input"\t:\r" é\\u00e9 " , "x":[]}  ', '" é\\u00e9 "'),
        ('{"model_input": 1, "model\\u005finput": 2}', "2"),
        ('{"model\\u005finput": 2, "model_input": 1}', "1"),
    ],
)
def test_the_last_value_of_the_name_is_found_as_it_was_written(document, value):
    assert written_member(document.encode(), NAME) == value.encode()


def test_a_large_integer_is_not_changed():
    digits = b"7" * 4_300
    assert written_member(b'{"model_input": %s}' % digits, NAME) == digits


WHITESPACE = strategies.text(" \t\n\r", max_size=2)
KEYS = strategies.sampled_from(SPELLINGS) | strategies.text(max_size=3).map(json.dumps)


def _object(members: list[tuple[str, str]], gaps: list[str]) -> str:
    gap = iter(gaps * 100)
    inside = ",".join(f"{next(gap)}{key}{next(gap)}:{next(gap)}{value}{next(gap)}" for key, value in members)
    return f"{{{inside or next(gap)}}}"


GAPS = strategies.lists(WHITESPACE, min_size=1, max_size=7)
VALUES = strategies.recursive(
    strategies.sampled_from(
        [
            "1E400",
            "-0",
            "-0.0",
            "1e5",
            "0.10",
            "NaN",
            "-Infinity",
            "true",
            "null",
            r'"\ud83d\ude00"',
            r'"\\\""',
        ]
    )
    | strategies.integers().map(str)
    | strategies.text(strategies.characters(exclude_categories=["Cs"])).map(
        lambda text: json.dumps(text, ensure_ascii=False)
    ),
    lambda inner: (
        strategies.lists(inner, max_size=3).map(lambda items: f"[{' , '.join(items)}]")
        | strategies.builds(_object, strategies.lists(strategies.tuples(KEYS, inner), max_size=3), GAPS)
    ),
    max_leaves=12,
)
MEMBERS = strategies.lists(strategies.tuples(KEYS, VALUES), max_size=4)


@given(before=MEMBERS, key=strategies.sampled_from(SPELLINGS), value=VALUES, others=MEMBERS, gaps=GAPS)
def test_the_value_that_json_reads_is_the_one_that_is_found(before, key, value, others, gaps):
    after = [(name, other) for name, other in others if json.loads(name) != NAME]
    document = gaps[0] + _object([*before, (key, value), *after], gaps) + gaps[-1]
    assert written_member(document.encode(), NAME) == value.encode()
    assert repr(json.loads(document)[NAME]) == repr(json.loads(value))
