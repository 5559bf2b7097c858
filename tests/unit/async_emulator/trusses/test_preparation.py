from pathlib import Path

import pytest

from async_emulator.errors import NotATruss
from async_emulator.trusses.config import TrussConfig
from async_emulator.trusses.preparation import lay_out_preparation, lay_out_stub
from async_emulator.trusses.stubs.stub import Stub
from tests.unit.async_emulator.trusses.test_config import write

MODEL = "class Model:\n    name = 'é'\n    def predict(self, i): ...\n"


def laid_out(tmp_path: Path, model: bytes) -> str:
    config = TrussConfig.read(write(tmp_path))
    (tmp_path / "model" / "model.py").write_bytes(model)
    (tmp_path / "stub.py").write_text("def predict(i): ...\n")
    package = lay_out_preparation(tmp_path, own_folders=[], places={}, root=tmp_path / "root")
    lay_out_stub(Stub.read(tmp_path / "stub.py"), config, tmp_path, package)
    module: dict[str, object] = {}
    source = (tmp_path / "model" / "model.py").read_bytes().rpartition(b"\nfrom ")[0]
    exec(compile(source, "model.py", "exec"), module)
    return module["Model"].name  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize(
    "model",
    [
        MODEL.encode(),
        b"\xef\xbb\xbf" + MODEL.encode(),
        b"# coding: latin-1\n" + MODEL.encode("latin-1"),
        MODEL.replace("\n", "\r\n").encode(),
    ],
)
def test_a_model_stays_in_its_own_encoding(tmp_path, model):
    assert laid_out(tmp_path, model) == "é"


@pytest.mark.parametrize("model", [MODEL.encode("latin-1"), b"# coding: none-such\n", b"\x00"])
def test_a_model_that_cannot_be_read_is_named(tmp_path, model):
    with pytest.raises(NotATruss, match=r"^model/model\.py: "):
        laid_out(tmp_path, model)
