"""Any output, however nested and whatever it is called, is read again as it was."""

import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from tests.unit.truss_outputs.faulty_store import FaultyStore
from tests.unit.truss_outputs.model_request import REQUEST
from truss_outputs import Artifact, CorruptResult, LocalStore, MemoryStore, OutputReader, OutputWriter, Store
from truss_outputs.keys import distinct_names

HOSTILE = st.sampled_from(
    [
        "../../etc/passwd",
        "..",
        "",
        ".",
        "result.json",
        "RESULT.JSON",
        "a/b",
        "a\\b",
        "\0",
        "x" * 999,
        "é",
        "a ",
    ]
)
NAMES = st.text(max_size=20) | HOSTILE

BYTES = st.binary(max_size=50)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
VALUES = (
    SCALARS
    | BYTES
    | arrays.arrays(
        arrays.integer_dtypes() | arrays.floating_dtypes() | arrays.boolean_dtypes(),
        arrays.array_shapes(max_side=4),
    )
    | st.builds(Image.new, st.sampled_from(["L", "RGB", "RGBA"]), st.tuples(*[st.integers(1, 3)] * 2))
    | st.builds(Artifact, BYTES, st.sampled_from(["image/png", "text/plain", "x/y"]), name=st.none() | NAMES)
)
OUTPUTS = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


def same(read: Any, output: Any) -> bool:
    """Whether they are equal, but for the name an artifact was given and for infinities, which are null."""
    match output:
        case dict():
            return list(read) == list(output) and all(same(read[key], output[key]) for key in output)
        case list():
            return len(read) == len(output) and all(map(same, read, output))
        case np.ndarray():
            return read.dtype == output.dtype and np.array_equal(
                read, output, equal_nan=output.dtype.kind == "f"
            )
        case Image.Image():
            return bool(read.mode == output.mode and read.tobytes() == output.tobytes())
        case Artifact():
            return (read.data, read.content_type) == (output.data, output.content_type)
        case float() if not math.isfinite(output):
            return read is None
    return bool(type(read) is type(output) and read == output)


def check(store: Store, output: Any) -> None:
    reference = OutputWriter(store).write(output, REQUEST)
    reader = OutputReader(store)
    result = reader.load(REQUEST)
    assert same(reader.value(result), output)
    keys = [entry.key for entry in store.list()]
    assert len(keys) == len(result.truss_outputs.artifacts) + 1
    assert all(key.startswith((f"{REQUEST}/{reference.attempt}/", f"{REQUEST}/result.json")) for key in keys)
    json.loads(store.get(f"{REQUEST}/result.json"), parse_constant=pytest.fail)


@settings(max_examples=150, deadline=None)
@given(OUTPUTS)
def test_what_is_read_is_what_was_written(output: Any) -> None:
    check(MemoryStore(), output)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(OUTPUTS)
def test_on_disk_too(tmp_path_factory: pytest.TempPathFactory, output: Any) -> None:
    folder = tmp_path_factory.mktemp("store")
    check(LocalStore(folder / "inner"), output)
    assert [path.name for path in folder.iterdir()] == ["inner"]


@given(st.lists(NAMES, max_size=20))
def test_names_are_safe_and_distinct(wanted: list[str]) -> None:
    names = distinct_names(wanted)
    assert len({name.casefold() for name in names}) == len(wanted)
    for name in names:
        assert name == Path(name).name
        assert name.casefold() != "result.json"


@given(st.dictionaries(st.sampled_from(["name", "url", "checksum", "path", "kind"]), NAMES), OUTPUTS)
def test_a_forged_record_leads_nowhere_else(change: dict[str, Any], output: Any) -> None:
    """Whoever can rewrite a result gets an error or one of its own objects, never another place."""
    store = FaultyStore()
    attempt = OutputWriter(store).write([b"x", output], REQUEST).attempt
    document = json.loads(store.get(f"{REQUEST}/result.json"))
    document["truss_outputs"]["artifacts"][0] |= change
    store.put(f"{REQUEST}/result.json", json.dumps(document).encode(), content_type="application/json")
    store.calls.clear()
    reader = OutputReader(store)
    with suppress(CorruptResult, FileNotFoundError):
        reader.value(reader.load(REQUEST))
    assert all(key.startswith((f"{REQUEST}/{attempt}/", f"{REQUEST}/result.json")) for _, key in store.calls)
