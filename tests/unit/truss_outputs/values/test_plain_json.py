import enum
import json
import math
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truss_outputs import StorageRecord, StoredResult
from truss_outputs.values.encode import encode
from truss_outputs.values.plain_json import plain_json


class Loud(str): ...


class Level(enum.IntEnum):
    HIGH = 3


class Size(NamedTuple):
    width: int


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"in": value}
    return value


SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(JSON)
def test_a_result_is_the_platforms_bytes(value: Any) -> None:
    """The bytes are those pydantic gives of the platform's model, by the fast way and by the slow one."""
    encoded = encode(value)
    fields: dict[str, Any] = {
        "request_id": "r",
        "model_id": 'm"é',
        "deployment_id": "d",
        "time": datetime(2026, 1, 2, 3, 4, 5, 6000, UTC),
        "truss_outputs": StorageRecord(attempt="a"),
    }
    document = StoredResult.document(**fields, data=encoded.json_with({}))
    assert document == StoredResult(**fields, data=value).model_dump_json().encode()
    assert json.loads(document, parse_constant=pytest.fail)["data"] == encoded.data


@given(JSON)
def test_the_fast_way_gives_what_the_slow_one_gives(value: Any) -> None:
    slow = encode([b"not plain", value])
    assert slow.json is None
    assert encode(value).data == slow.data[1]  # type: ignore[index]


@pytest.mark.parametrize(
    "value", [1, "x", None, [], {}, {"a": [1, {"b": None}], "c": 1.5}, "NaN", nested(100)]
)
def test_plain_json_is_seen(value: object) -> None:
    assert json.loads(plain_json(value, levels=100) or b"") == value


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        [1, -math.inf],
        {"a": {"b": [math.nan]}},
        (1, 2),
        [(1, 2)],
        {1: "x"},
        [{"a": 1}, {None: 1}],
        b"x",
        [Loud("x")],
        {Loud("x"): 1},
        Level.HIGH,
        Size(1),
        {1, 2},
        "\ud800",
        {"\ud800": 1},
        nested(101),
        [object()],
    ],
)
def test_what_is_not_plain_goes_the_slow_way(value: object) -> None:
    assert plain_json(value, levels=100) is None


def test_what_holds_itself_is_not_plain() -> None:
    value: list[object] = []
    value.append(value)
    assert plain_json(value, levels=100) is None


def test_text_that_only_looks_like_no_number_is_kept() -> None:
    assert encode({"a": "NaN", "b": 0.5, "c": "-Infinity"}).data == {"a": "NaN", "b": 0.5, "c": "-Infinity"}


def test_a_key_that_only_equals_text_is_the_same_text() -> None:
    output = [{"x": 1}, {Loud("x"): 2}]
    assert encode(output).json == b'[{"x":1},{"x":2}]'
