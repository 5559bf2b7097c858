import copy
import dataclasses
import datetime
import decimal
import enum
import json
import math
import types
import uuid
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_serializer

from truss_outputs import Artifact, UnstorableOutput
from truss_outputs.values.encode import EncodedOutput, encode, placed


class Color(enum.Enum):
    RED = "red"


class Size(NamedTuple):
    width: int
    height: int


@dataclasses.dataclass
class Box:
    label: str
    crop: bytes


class Answer(BaseModel):
    text: str
    at: datetime.datetime
    mask: bytes
    preview: Artifact
    boxes: list[Box]
    anything: Any = None
    private: str = Field(default="hidden", exclude=True)


def paths(encoded: EncodedOutput) -> dict[tuple[str | int, ...], bytes]:
    return {pending.path: pending.artifact.data for pending in encoded.artifacts}


@pytest.mark.parametrize(
    ("output", "data"),
    [
        (None, None),
        (True, True),
        (10**30, 10**30),
        ("été", "été"),
        ((1, [2.5, "x"]), [1, [2.5, "x"]]),
        ({"a": {"b": []}}, {"a": {"b": []}}),
        ({1: "int", 2.5: "float", None: "null"}, {"1": "int", "2.5": "float", "null": "null"}),
        ({True: "yes", False: "no"}, {"true": "yes", "false": "no"}),
        ([math.nan, math.inf, -math.inf], [None, None, None]),
        (Size(2, 3), [2, 3]),
        (Color.RED, "red"),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC), "2026-01-02T03:04:05Z"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (decimal.Decimal("1.10"), "1.10"),
        (np.float64(0.5), 0.5),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.datetime(2026, 1, 2, 3), "2026-01-02T03:00:00"),  # noqa: DTZ001  # as models make them
        (datetime.time(3, 4), "03:04:00"),
        (datetime.timedelta(hours=25), "P1DT1H"),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset(("b", "a")), ["a", "b"]),
        ({Path("a/b"): 1, PurePosixPath("c"): 2}, {"a/b": 1, "c": 2}),
        ({np.int64(3): 1, np.float32(0.5): 2, np.str_("x"): 3}, {"3": 1, "0.5": 2, "x": 3}),
        ({np.bool_(True): 1}, {"true": 1}),
        ({Color.RED: 1, datetime.date(2026, 1, 2): 2}, {"red": 1, "2026-01-02": 2}),
        ({uuid.UUID(int=1): 1}, {"00000000-0000-0000-0000-000000000001": 1}),
        ({decimal.Decimal("1.10"): 1}, {"1.10": 1}),
    ],
)
def test_json_says_it(output: object, data: object) -> None:
    encoded = encode(output)
    assert encoded.data == data
    assert encoded.artifacts == ()
    assert json.loads(json.dumps(encoded.data, allow_nan=False)) == data


@pytest.mark.parametrize("value", [b"\0\xff", bytearray(b"\0\xff"), memoryview(b"\0\xff")])
def test_bytes_are_an_artifact(value: object) -> None:
    encoded = encode({"outputs": [1, value]})
    assert encoded.data == {"outputs": [1, None]}
    assert paths(encoded) == {("outputs", 1): b"\0\xff"}
    assert encoded.artifacts[0].name == "outputs.1.bin"
    assert encoded.artifacts[0].artifact.content_type == "application/octet-stream"


def test_an_artifact_keeps_its_type_and_name() -> None:
    encoded = encode([Artifact(b"1", "image/png"), Artifact(b"2", "image/png", name="../Mask 1.png")])
    assert [pending.name for pending in encoded.artifacts] == ["0.png", "_Mask_1.png"]


def test_an_output_can_be_an_artifact_as_a_whole() -> None:
    encoded = encode(b"all")
    assert paths(encoded) == {(): b"all"}
    assert placed(encoded.data, {(): {"name": "output.bin"}}) == {"name": "output.bin"}


def test_a_pydantic_model_is_what_it_dumps_but_for_its_artifacts() -> None:
    answer = Answer(
        text="t",
        at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        mask=b"\xff",
        preview=Artifact(b"png", "image/png"),
        boxes=[Box("cat", b"crop")],
        anything={"deep": Artifact(b"wav", "audio/x-wav")},
    )
    encoded = encode({"answer": answer})
    assert encoded.data == {
        "answer": {
            "text": "t",
            "at": "2026-01-01T00:00:00Z",
            "mask": None,
            "preview": None,
            "boxes": [{"label": "cat", "crop": None}],
            "anything": {"deep": None},
        }
    }
    assert {pending.name: pending.artifact.content_type for pending in encoded.artifacts} == {
        "answer.mask.bin": "application/octet-stream",
        "answer.preview.png": "image/png",
        "answer.boxes.0.crop.bin": "application/octet-stream",
        "answer.anything.deep.wav": "audio/x-wav",
    }


def test_the_output_is_left_as_it_was() -> None:
    output = {"a": [b"x", {"b": 1}]}
    before = copy.deepcopy(output)
    encoded = encode(output)
    placed(encoded.data, {("a", 0): "filled"})
    assert output == before
    assert encoded.data == {"a": [None, {"b": 1}]}


def test_an_output_may_hold_one_value_twice() -> None:
    shared = {"x": [1]}
    assert encode([shared, shared]).data == [{"x": [1]}, {"x": [1]}]


def cycle() -> list[object]:
    output: list[object] = [1]
    output.append({"again": output})
    return output


def thousandfold() -> list[object]:
    output: list[object] = []
    output.extend([output] * 1000)
    return output


def nested(depth: int) -> object:
    output: object = 1
    for _ in range(depth):
        output = [output]
    return output


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ({"frames": [1, object()]}, "output.frames[1]: <class 'object'> cannot be stored"),
        (
            {"a b\n": {"x" * 999: object()}},
            f"output['a b\\n']['{'x' * 80}']: <class 'object'> cannot be stored",
        ),
        (Answer, "cannot be stored"),
        (cycle(), "output[1].again: <class 'list'> cannot be stored: it contains itself"),
        (thousandfold(), "output[0]: <class 'list'> cannot be stored: it contains itself"),
        (nested(500), "more than 100 levels deep"),
        ({"a": {(1, 2): 3}}, "output.a: <class 'tuple'> cannot be stored: a key must be"),
        ({math.nan: 3}, "a key must be"),
        ({b"x": 3}, "a key must be"),
        ({Path("\ud800"): 3}, "not valid Unicode"),
        ({1: "x", np.int64(1) + 0.0: "y", Path("1"): "z"}, "two of its keys are '1'"),
        ({"s": {1, b"x", object}}, "<class 'type'> cannot be stored"),
        ({"a": {1: "x", "1": "y"}}, "output.a: <class 'dict'> cannot be stored: two of its keys are '1'"),
        ({"a": "\ud800"}, "output.a: <class 'str'> cannot be stored: it is not valid Unicode"),
        ({"\ud800": 1}, "not valid Unicode"),
        ({"n": 10**4300}, "output.n: <class 'int'> cannot be stored: it has more than 4,300 digits"),
        ({"n": [b"x", -(10**4300)]}, "output.n[1]: <class 'int'> cannot be stored"),
        ({"a": {10**5000: 1}}, "output.a: <class 'int'> cannot be stored: it has more than 4,300 digits"),
    ],
)
def test_what_cannot_be_stored_is_named_with_its_place(output: object, message: str) -> None:
    with pytest.raises(UnstorableOutput) as caught:
        encode(output)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_set_whose_members_have_no_order_is_a_list() -> None:
    data = encode({"a": {1, "x"}}).data
    assert isinstance(data, dict)
    assert set(data["a"]) == {1, "x"}  # type: ignore[arg-type]


def test_a_model_that_holds_itself_cannot_be_stored() -> None:
    class Node(BaseModel):
        following: Any = None

    node = Node()
    node.following = node
    with pytest.raises(UnstorableOutput, match=r"Node'> cannot be stored: it contains itself"):
        encode(node)


def test_a_model_that_cannot_be_dumped_says_why() -> None:
    class Grumpy(BaseModel):
        mood: str = "bad"

        @field_serializer("mood")
        def refuse(self, mood: str) -> str:
            raise ValueError("not today")

    with pytest.raises(UnstorableOutput, match=r"output.a: .*Grumpy'> cannot be stored: .*not today"):
        encode({"a": Grumpy()})


def test_the_deepest_output_that_is_allowed_can_be_read_again() -> None:
    data = encode(nested(100)).data
    assert placed(data, {}) == nested(100)


@pytest.mark.parametrize("path", [("x",), ("a", "b"), ("a", 2), ("a", 0, 0), ("n", 0)])
def test_a_path_that_leads_nowhere_is_an_error(path: tuple[str | int, ...]) -> None:
    with pytest.raises((LookupError, TypeError)):
        placed({"a": [1, 2], "n": None}, {path: "value"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)
OUTPUTS = st.recursive(
    JSON | st.binary(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=15
)


@given(OUTPUTS)
def test_taken_apart_and_put_together_an_output_is_the_same(output: object) -> None:
    encoded = encode(output)
    data = json.loads(json.dumps(encoded.data, allow_nan=False))
    assert placed(data, paths(encoded)) == output
    names = [pending.name for pending in encoded.artifacts]
    assert len(set(names)) == len(names)
