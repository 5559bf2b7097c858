"""Whatever is written can be read back: by our reader, and by Python's own parser of JSON."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.truss_outputs.model_request import REQUEST
from truss_outputs import Artifact, MemoryStore, OutputReader, OutputWriter, UnstorableOutput
from truss_outputs.keys import result_key


class Boastful(int):
    """An integer that converts to another one."""

    def __int__(self) -> int:
        return 10**5000

    __index__ = __int__


def nested(value: object, depth: int) -> object:
    for level in range(depth):
        value = [value] if level % 2 else {"in": value}
    return value


DIGITS = st.sampled_from([1, 18, 19, 20, 400, 4298, 4299, 4300, 4301, 9000])
INTEGERS = st.builds(lambda digits, sign, off: sign * (10**digits - off), DIGITS, st.sampled_from([1, -1]),
                     st.integers(0, 1))  # fmt: skip
NUMBERS = st.integers() | st.floats() | INTEGERS | st.builds(Boastful, st.integers())
TEXT = st.text(st.characters(codec=None)) | st.sampled_from(["\ud800", "9" * 5000, "NaN", "\0", "\x7f"])
KEYS = TEXT | NUMBERS | st.none() | st.booleans()
LEAVES = NUMBERS | TEXT | st.none() | st.binary(max_size=3)
OUTPUTS = st.recursive(
    LEAVES | st.builds(nested, LEAVES, st.integers(90, 110)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)


@given(OUTPUTS)
def test_what_was_written_can_be_read(output: Any) -> None:
    store = MemoryStore()
    try:
        OutputWriter(store).write(output, REQUEST)
    except UnstorableOutput:
        assert list(store.list()) == []
        return
    reader = OutputReader(store)
    result = reader.load(REQUEST)
    reader.value(result)
    assert json.loads(store.get(result_key(REQUEST)), parse_constant=pytest.fail)["data"] == result.data


@pytest.mark.parametrize("plain", [{"n": 10**4300}, [1, -(10**4300)], {str(1): {"a": 10**10_000}}])
def test_a_number_that_no_parser_reads_is_refused_before_anything_is_stored(plain: Any) -> None:
    store = MemoryStore()
    for output in (plain, [b"an artifact", plain]):
        with pytest.raises(UnstorableOutput, match="more than 4,300 digits"):
            OutputWriter(store).write(output, REQUEST)
    assert list(store.list()) == []


@pytest.mark.parametrize("output", [10**4300 - 1, -(10**4300 - 1), ["9" * 10_000, 1], {"8" * 5000: 1}])
def test_the_largest_number_and_text_of_many_digits_are_kept(output: Any) -> None:
    store = MemoryStore()
    OutputWriter(store).write(output, REQUEST)
    assert OutputReader(store).load(REQUEST).data == output


def test_depth_beyond_every_limit_is_refused() -> None:
    for output in (nested(1, 10_000), nested(b"x", 10_000), nested(math.nan, 10_000)):
        with pytest.raises(UnstorableOutput, match="levels deep"):
            OutputWriter(MemoryStore()).write(output, REQUEST)


@pytest.mark.prove
def test_ten_thousand_artifacts_are_read_back() -> None:
    store = MemoryStore()
    output = [{"frame": iter([b"%d" % number]), "n": number} for number in range(10_000)]
    OutputWriter(store).write(output, REQUEST)
    reader = OutputReader(store)
    assert reader.value(reader.load(REQUEST))[9_999] == {"frame": b"9999", "n": 9_999}


@pytest.mark.parametrize("kind", ["\ud800", "\n"])
def test_a_kind_that_cannot_be_written_is_refused_when_the_artifact_is_made(kind: Any) -> None:
    with pytest.raises(ValueError, match="kind is printable text"):
        Artifact(b"x", "image/png", kind=kind)


@pytest.mark.parametrize("name", ["\ud800", "\n", "", "..", "nul", "result.json"])
def test_any_name_can_be_stored(name: str) -> None:
    store = MemoryStore()
    OutputWriter(store).write(Artifact(b"x", "image/png", name=name), REQUEST)
    reader = OutputReader(store)
    assert reader.value(reader.load(REQUEST)).data == b"x"
