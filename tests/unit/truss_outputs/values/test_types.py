"""The values of the libraries, stored and read again."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image
from pydantic import BaseModel, ConfigDict

from tests.unit.truss_outputs.model_request import REQUEST
from tests.unit.truss_outputs.values.stored_values import names, round_trip
from truss_outputs import (
    Artifact,
    CorruptResult,
    MemoryStore,
    OutputReader,
    OutputWriter,
    UnstorableOutput,
)
from truss_outputs.values.encode import encode
from truss_outputs.values.types.arrays import npz


def gradient(mode: str = "RGB") -> Image.Image:
    grey = Image.linear_gradient("L").resize((8, 8))
    image = grey.convert(mode)
    if mode == "RGBA":
        image.putalpha(grey)
    return image


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_an_image_is_a_png(mode: str) -> None:
    image = gradient(mode) if mode != "I;16" else Image.new("I;16", (3, 2), 1000)
    value, artifacts = round_trip({"frames": [image]})
    assert names(artifacts) == [("frames.0.png", "image/png")]
    [read] = value["frames"]
    assert (read.mode, read.size, read.tobytes()) == (image.mode, image.size, image.tobytes())


@pytest.mark.parametrize("mode", ["I", "F", "CMYK"])
def test_an_image_no_png_can_hold_is_a_tiff(mode: str) -> None:
    image = Image.new(mode, (3, 2))
    value, artifacts = round_trip([image])
    assert artifacts[0].content_type == "image/tiff"
    assert (value[0].mode, value[0].tobytes()) == (image.mode, image.tobytes())


@pytest.mark.parametrize(
    ("wanted", "mode", "got"),
    [("JPEG", "RGB", "jpeg"), ("JPEG", "RGBA", "png"), ("WEBP", "RGBA", "webp"), ("WEBP", "L", "png")],
)
def test_another_format_is_a_setting(wanted: str, mode: str, got: str) -> None:
    value, artifacts = round_trip([gradient(mode)], images=wanted)
    assert artifacts[0].content_type == f"image/{got}"
    assert artifacts[0].name in (f"0.{got}", "0.jpg")
    assert value[0].mode == mode


def test_every_frame_of_an_image_is_kept() -> None:
    file = io.BytesIO()
    frames = [Image.new("L", (4, 4), color) for color in (0, 100, 200)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    value, _ = round_trip([Image.open(file)], images="JPEG")
    assert value[0].n_frames == 3


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float16).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.zeros((0, 4), bool),
        np.array(5),
        np.array(["a", "été"]),
        np.arange(10)[::-2],
        np.array([(1, 2.5)], dtype=[("a", int), ("b", float)]),
        np.array([1 + 2j]),
    ],
)
def test_an_array_is_an_npy(array: Any) -> None:
    value, artifacts = round_trip({"a": array})
    assert names(artifacts) == [("a.npy", "application/x-npy")]
    assert value["a"].dtype == array.dtype
    np.testing.assert_array_equal(value["a"], array)


def test_several_arrays_are_an_npz_where_asked_for() -> None:
    arrays = {"file": np.arange(3), "a/../b": np.zeros((2, 2))}
    first, artifacts = round_trip([npz(arrays)])
    assert names(artifacts) == [("0.npz", "application/x-npz")]
    with np.load(io.BytesIO(npz(arrays).data)) as opened:
        again, _ = round_trip([opened])
    for value in (first[0], again[0]):
        assert list(value) == list(arrays)
        np.testing.assert_array_equal(value["file"], arrays["file"])


def test_a_model_may_hold_them() -> None:
    class Output(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)

        image: Image.Image
        mask: np.ndarray[Any, Any]
        speech: Any
        table: pd.DataFrame
        film: Iterator[bytes]
        anything: Any

    output = Output(
        image=gradient(),
        mask=np.zeros(3),
        speech=(np.zeros(3), 8000),
        table=pd.DataFrame({"a": [1]}),
        film=iter([b"x", b"y"]),
        anything=Path(__file__),
    )
    value, artifacts = round_trip([output])
    kinds = [artifact.kind for artifact in artifacts]
    assert kinds == ["image", "array", "audio-float-mono", "frame", "bytes", "bytes"]
    assert value[0]["film"] == b"xy"
    assert value[0]["anything"] == Path(__file__).read_bytes()


@pytest.mark.parametrize(
    ("scalar", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.float16("nan"), None),
        (np.longdouble(2), 2.0),
        (np.int64(-3), -3),
        (np.uint8(200), 200),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.datetime64("2026-01-02T03:04:05.123456789"), "2026-01-02T03:04:05.123456789"),
        (np.datetime64("NaT"), None),
        (pd.Timestamp("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05Z"),
        (pd.NaT, None),
        (pd.NA, None),
    ],
)
def test_scalars_are_json(scalar: object, expected: object) -> None:
    encoded = encode({"a": [scalar]})
    assert encoded.data == {"a": [expected]}
    assert encoded.artifacts == ()


def test_a_frame_is_parquet() -> None:
    frame = pd.DataFrame(
        {"n": [1, 2], "t": ["a", None], "d": pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True)},
        index=pd.Index(["x", "y"], name="key"),
    )
    value, artifacts = round_trip({"t": frame})
    assert names(artifacts) == [("t.parquet", "application/vnd.apache.parquet")]
    pd.testing.assert_frame_equal(value["t"], frame)


@pytest.mark.parametrize("name", [None, "score"])
def test_a_series_is_parquet(name: str | None) -> None:
    series = pd.Series([1.5, 2.5], name=name, index=[3, 4])
    value, _ = round_trip([series])
    pd.testing.assert_series_equal(value[0], series)


def test_a_table_is_parquet() -> None:
    table = pa.table({"a": [1, None], "b": [["x"], []]})
    value, artifacts = round_trip([table, table.to_batches()[0]])
    assert [artifact.kind for artifact in artifacts] == ["table", "table"]
    assert value[0].equals(table)
    assert value[1].equals(table)


masked: Any = np.ma.masked_less(np.arange(3), 2)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.array([object()]), "<class 'numpy.ndarray'> cannot be stored: Object arrays cannot be saved"),
        (masked, "MaskedArray'> cannot be stored: it is masked"),
        ((np.zeros((2, 48000)), 48000), "<class 'tuple'> cannot be stored: sound is of shape"),
        (np.complex64(1), "<class 'numpy.complex64'> cannot be stored"),
        (np.timedelta64(1, "s"), "<class 'numpy.timedelta64'> cannot be stored"),
        (pd.DataFrame({"a": [1, "x"]}), "DataFrame'> cannot be stored: "),
        (Image.new("RGB", (0, 0)), "Image'> cannot be stored: "),
    ],
)
def test_what_cannot_be_stored_names_its_place(value: object, reason: str) -> None:
    with pytest.raises(UnstorableOutput) as caught:
        encode({"frames": [0, value]})
    assert str(caught.value).startswith("output.frames[1]: <class '")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    OutputWriter(store).write({"t": [pd.DataFrame({"a": [1]})]}, REQUEST)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    problem = "it needs .*pyarrow, which cannot be imported: add it to the requirements"
    with pytest.raises(UnstorableOutput, match=rf"output\.t\[0\]: .*DataFrame'> cannot be stored: {problem}"):
        encode({"t": [pd.DataFrame({"a": [1]})]})
    reader = OutputReader(store)
    with pytest.raises(ImportError, match=problem):
        reader.value(reader.load(REQUEST))


def test_a_kind_the_reader_does_not_know_is_an_artifact() -> None:
    value, _ = round_trip([Artifact(b"x", "image/png", kind="hologram")])
    assert value == [Artifact(b"x", "image/png", name="0.png")]


def test_content_that_is_not_of_its_kind_is_corrupt() -> None:
    with pytest.raises(CorruptResult, match=r"0\.png cannot be read as 'image': UnidentifiedImageError"):
        round_trip([Artifact(b"x", "image/png", kind="image")])


def test_no_library_is_imported_for_it() -> None:
    script = """
import sys, json, truss_outputs
from truss_outputs.values.encode import encode
class Unknown: ...
encode({"a": [b"x", (1, 2)], "b": iter([b"x"])})
try:
    encode([Unknown()])
except TypeError:
    pass
libraries = "numpy", "PIL", "torch", "pandas", "pyarrow", "safetensors"
print(json.dumps([name for name in libraries if name in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
