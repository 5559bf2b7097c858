"""Placeholders, in a Python of their own: they become part of it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from async_emulator.trusses import before_server

RUN = """
import json, runpy, sys
sys.path[:0] = sys.argv[1:3]
from pathlib import Path
from _truss_async import placeholders
placeholders.install([Path(sys.argv[2])])
print(json.dumps(runpy.run_path(sys.argv[2] + "/model.py")["FOUND"]))
"""


@pytest.fixture
def run(tmp_path):
    """Runs a model's file where nothing is installed; returns its FOUND and what was said."""
    shutil.copytree(Path(before_server.__file__).parent, tmp_path / "app" / before_server.PACKAGE)
    (tmp_path / "app" / "library.py").write_text(
        "try:\n    import lacking\nexcept ImportError:\n    lacking = None\n"
    )
    (tmp_path / "own").mkdir()

    def run(model: str) -> tuple[Any, list[str]]:
        (tmp_path / "own" / "model.py").write_text(model)
        command = [sys.executable, "-I", "-c", RUN, str(tmp_path / "app"), str(tmp_path / "own")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), done.stderr.splitlines()

    return run


TOP = """
import functools
from typing import Optional

import lacking
import lacking.nn.functional as F
from lacking import nn, float16
from other.deep import Thing

DEVICE = "cuda" if lacking.cuda.is_available() else "cpu"
lacking.backends.cudnn.benchmark = True
SETTINGS = Thing(4, dtype=float16)

class Net(nn.Module):
    @lacking.no_grad()
    @lacking.compile
    def forward(
        self, x: Optional[lacking.Tensor], y: lacking.Tensor | None, z: lacking.Tensor[3]
    ) -> int | lacking.Tensor:
        return 1

try:
    with lacking.inference_mode():
        raise lacking.cuda.OutOfMemoryError("full")
except (lacking.cuda.OutOfMemoryError, ValueError) as error:
    CAUGHT = type(error).__name__

FOUND = [DEVICE, Net().forward(1, 2, 3), CAUGHT, isinstance(3, lacking.Tensor), issubclass(int, nn.Module)]
"""


def test_a_module_that_is_not_installed_takes_what_stands_at_the_top_of_a_model(run):
    found, said = run(TOP)
    assert found == ["cpu", 1, "OutOfMemoryError", False, False]
    assert said == [
        "warning: lacking is not installed: --stub has a placeholder for it",
        "warning: other is not installed: --stub has a placeholder for it",
    ]


@pytest.mark.parametrize(
    "work",
    [
        "lacking.zeros(3) + 1",
        "list(lacking.x)",
        "len(lacking.x)",
        "import json; json.dumps(lacking.x)",
        "int(lacking.x)",
        "lacking.__version__.split('.')",
        "x, y = lacking.pair()",
    ],
)
def test_work_with_it_fails_at_once_and_is_named(run, work):
    guarded = f"try:\n    {work}\nexcept (TypeError, AttributeError) as error:\n    FOUND = str(error)\n"
    assert "laceholder" in run(f"import lacking\n{guarded}")[0]


def test_what_may_be_missing_is_missing(run):
    model = """
import importlib.util
import library
HAS = importlib.util.find_spec("lacking") is not None
try:
    import lacking
except ImportError:
    lacking = None
try:
    from lacking import x
except (ValueError, ModuleNotFoundError):
    x = None
try:
    import lacking.y
except:
    y = None
FOUND = [HAS, library.lacking, lacking, x, y]
"""
    assert run(model) == ([False, None, None, None, None], [])


def test_what_a_caller_expects_to_be_missing_is_missing(run):
    model = """
def needs(name):
    import lacking

FOUND = []
try:
    needs("it")
except ImportError:
    FOUND.append("missing")
try:
    needs("it")
except Exception:
    FOUND.append("caught")
else:
    FOUND.append("there")
"""
    found, said = run(model)
    assert found == ["missing", "there"]
    assert said == ["warning: lacking is not installed: --stub has a placeholder for it"]


def test_an_import_in_a_function_gets_one_too(run):
    model = "def work():\n    import lacking\n    return str(lacking.x)\nFOUND = work()\n"
    assert run(model)[0] == "<lacking.x, which is not installed: --stub has a placeholder for it>"


def test_a_name_that_an_installed_module_lacks_is_still_an_error(run):
    model = "try:\n    from json import lacking\nexcept ImportError as error:\n    FOUND = error.name\n"
    assert run(model) == ("json", [])
