import fractions
import sys
import types
from typing import Any

import pytest

from truss_outputs import Artifact
from truss_outputs.values.encode import encode
from truss_outputs.values.represent import represent
from truss_outputs.values.type_dispatch import TypeDispatch


@pytest.fixture
def dispatch() -> TypeDispatch:
    return TypeDispatch(lambda value, *rest: "default")


def test_a_type_known_by_name_is_met_when_its_module_is_imported(
    dispatch: TypeDispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dispatch.register("library_of_tomorrow.Thing")
    def _(value: object, *rest: Any) -> object:
        return ("thing", *rest)

    class Thing: ...

    class Special(Thing): ...

    assert dispatch(Thing()) == "default"
    assert "library_of_tomorrow" not in sys.modules
    module = types.ModuleType("library_of_tomorrow")
    monkeypatch.setitem(sys.modules, "library_of_tomorrow", module)
    assert dispatch(Thing()) == "default"  # as while the module is being imported
    module.Thing = Thing  # type: ignore[attr-defined]
    assert dispatch(Thing(), 1) == ("thing", 1)
    assert dispatch(Special()) == ("thing",)


def test_the_nearest_base_decides(dispatch: TypeDispatch) -> None:
    @dispatch.register(int, "fractions.Fraction")
    def number(value: object) -> object:
        return "number"

    @dispatch.register(bool)
    def truth(value: object) -> object:
        return "truth"

    assert (dispatch(1), dispatch(fractions.Fraction(1)), dispatch(True)) == ("number", "number", "truth")
    assert number(1) == "number"  # still a function of its own


def test_a_new_type_is_one_function() -> None:
    class Molecule:
        smiles = "CCO"

    @represent.register(Molecule)
    def _(molecule: Molecule) -> object:
        return {"smiles": molecule.smiles, "file": Artifact(b"mol", "chemical/x-mdl-molfile")}

    encoded = encode({"best": [Molecule()]})
    assert encoded.data == {"best": [{"smiles": "CCO", "file": None}]}
    assert [pending.path for pending in encoded.artifacts] == [("best", 0, "file")]
