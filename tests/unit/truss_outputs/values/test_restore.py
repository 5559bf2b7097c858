"""A type of output is one file: how it is stored, and how it is read back."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import truss_outputs
from tests.unit.truss_outputs.values.stored_values import names, round_trip
from truss_outputs import Artifact, restores
from truss_outputs.values.restore import restorer_of

MESHES = """
from dataclasses import dataclass

from truss_outputs import Artifact, represent, restores


@dataclass(frozen=True)
class Mesh:
    corners: bytes


@represent.register(Mesh)
def _(mesh: Mesh) -> object:
    return Artifact(mesh.corners, "model/obj", kind="mesh")


@restores("mesh")
def mesh(data: bytes) -> Mesh:
    return Mesh(data)
"""

ROUND_TRIP = """
from truss_outputs import MemoryStore, OutputReader, OutputWriter
import truss_outputs.results.reader, sys
Mesh = sys.modules["truss_outputs.values.types.meshes"].Mesh
store = MemoryStore()
OutputWriter(store).write([Mesh(b"v 0 0 0")], "request")
reader = OutputReader(store)
print(reader.value(reader.load("request")) == [Mesh(b"v 0 0 0")])
"""


def test_a_type_of_ones_own_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meshes_of_a_model.py").write_text(MESHES)
    monkeypatch.syspath_prepend(tmp_path)
    mesh = importlib.import_module("meshes_of_a_model").Mesh(b"v 0 0 0")
    value, artifacts = round_trip({"mesh": mesh})
    assert value == {"mesh": mesh}
    assert [artifact.kind for artifact in artifacts] == ["mesh"]
    assert names(artifacts)[0][1] == "model/obj"


def test_the_package_finds_a_type_by_its_file_alone(tmp_path: Path) -> None:
    shutil.copytree(Path(truss_outputs.__file__).parent, tmp_path / "truss_outputs")
    (tmp_path / "truss_outputs/values/types/meshes.py").write_text(MESHES)
    done = subprocess.run(
        [sys.executable, "-c", ROUND_TRIP],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_the_later_of_two_functions_for_a_kind_counts() -> None:
    restores("kind of two")(lambda data: 1)
    restores("kind of two")(lambda data: len(data))
    value, _ = round_trip([Artifact(b"abc", "image/png", kind="kind of two")])
    assert value == [3]


def test_a_kind_that_nothing_restores_has_no_function() -> None:
    assert restorer_of("hologram") is None
