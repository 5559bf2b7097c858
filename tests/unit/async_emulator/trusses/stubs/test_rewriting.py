"""A model with a stub in its place, run as a model's server would run it."""

import asyncio
import inspect
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from async_emulator.errors import BadStub, NotATruss
from async_emulator.trusses import before_server
from async_emulator.trusses.stubs.rewriting import with_stub
from async_emulator.trusses.stubs.stub import Stub

MODEL = '''"""A model."""
import functools
import inspect

import pydantic
from starlette.requests import Request

KINDS = []

class Input(pydantic.BaseModel):
    text: str

def noted(hook):
    """A decorator that sees what kind of function it is given."""
    KINDS.append(inspect.iscoroutinefunction(hook))
    return hook

class Model:
    def __init__(self, config):
        self.name = config["name"]
        self.engine = config["engine"]

    def load(self):
        raise RuntimeError("no GPU")

    @noted
    async def predict(
        self, model_input: Input, request: Request
    ) -> dict:
        raise RuntimeError("no GPU")

    def postprocess(self, output): return [self.name, output]
WHERE = inspect.currentframe().f_lineno
'''

Place = Callable[..., Any]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Puts a stub in the place of a model, and returns the module that a server would import."""
    package = tmp_path / before_server.PACKAGE
    shutil.copytree(Path(before_server.__file__).parent, package)
    monkeypatch.syspath_prepend(tmp_path)

    def placed(stub: str, model: str = MODEL, class_name: str = "Model") -> Any:
        (package / "stub.py").write_text(stub)
        source = with_stub(Path("model/model.py"), model, class_name, Stub.read(package / "stub.py"))
        module: dict[str, Any] = {"__name__": "model"}
        exec(compile(source, "model.py", "exec"), module)
        return module

    yield placed
    for name in [name for name in sys.modules if name.startswith(before_server.PACKAGE)]:
        del sys.modules[name]


def test_the_stub_predicts_and_all_else_is_the_model_s_own(place, capsys):
    module = place("LOADED = []\ndef load(): LOADED.append(1)\ndef predict(i): return i.text * 2\n")
    model = module["Model"]({"name": "mine"})  # no engine: its __init__ fails half-way
    model.load()
    assert sys.modules["_truss_async.stub"].LOADED == [1]
    assert model.postprocess(model.predict(module["Input"](text="ab"), None)) == ["mine", "abab"]
    assert capsys.readouterr().err == (
        "warning: __init__ failed, and the stub goes on without it: KeyError: 'engine'\n"
    )


def test_types_parameters_and_lines_stay(place):
    module = place("def predict(i): return 1\n")
    signature = inspect.signature(module["Model"].predict)
    assert list(signature.parameters) == ["self", "model_input", "request"]
    assert signature.parameters["model_input"].annotation is module["Input"]
    assert signature.parameters["request"].annotation is module["Request"]
    assert signature.return_annotation is dict
    assert module["WHERE"] == MODEL.splitlines().index("WHERE = inspect.currentframe().f_lineno") + 1
    assert list(inspect.signature(module["Model"]).parameters) == ["config"]


def test_the_request_reaches_a_stub_that_takes_it(place):
    model = place("def predict(i, request): return [i, request]\n")["Model"]({"name": "", "engine": ""})
    assert model.predict(1, 2) == [1, 2]


@pytest.mark.parametrize(
    ("stub", "is_async", "is_kind"),
    [
        ("def predict(i): return i", False, inspect.isfunction),
        ("async def predict(i): return i", True, inspect.iscoroutinefunction),
        ("def predict(i): yield i", False, inspect.isgeneratorfunction),
        ("async def predict(i): yield i", False, inspect.isasyncgenfunction),
    ],
)
def test_decorators_and_truss_see_the_stub_s_own_kind(place, stub, is_async, is_kind):
    module = place(stub)
    assert module["KINDS"] == [is_async]
    predict = module["Model"]({"name": "", "engine": ""}).predict
    assert is_kind(predict.__func__)
    assert asyncio.run(output_of(predict(7, None))) == 7


async def output_of(output: Any) -> Any:
    """What was returned, awaited or yielded first."""
    if inspect.isawaitable(output):
        return await output
    if hasattr(output, "__aiter__"):
        return await anext(output)
    return next(output) if inspect.isgenerator(output) else output


def test_a_typed_stub_brings_its_types(place):
    stub = "import uuid\ndef predict(i: uuid.UUID) -> 'list[int]': return [1]\n"
    signature = inspect.signature(place(stub)["Model"].predict)
    assert signature.parameters["model_input"].annotation is sys.modules["_truss_async.stub"].uuid.UUID
    assert signature.return_annotation == list[int]


@pytest.mark.parametrize(
    "model",
    [
        "class Model:\n    def predict(self): ...\n",
        "class Model:\n  def predict(self, /, i): pass",
        "class Model:\n\tdef predict(self, i, **more): ...\n\tdef load(self): raise OSError\n"
        "\tdef x(self): ...\n",
        "class Model:\n    x = '\x0c\u2028\x85'\n    def predict(self, i):\n        return 'é'\n    y = 2\n",
        "from starlette.requests import Request\n"
        "class Model:\n    def predict(self, request: Request): ...\n",
        "class Base:\n    def predict(self, i): raise OSError\n    def load(self): raise OSError\n"
        "class Model(Base): pass\n",
        "from types import SimpleNamespace as Model\n",
        "class Model:\n    async def predict(self, i): return '''a\nb'''\r\n    x = 1\r\n",
        "",
    ],
)
@pytest.mark.parametrize("parameters", ["i", "i, request"])
def test_any_shape_of_model_takes_a_stub(place, model, parameters):
    module = place(f"def predict({parameters}): return [{parameters}]\n", model)
    placed = module["Model"]()
    placed.load()
    given = parameters.split(", ")
    assert placed.predict(*given) == given
    assert list(inspect.signature(placed.predict).parameters)[1:2] != ["self"]


def test_a_model_that_does_not_parse_is_named(place):
    with pytest.raises(NotATruss, match=r"^model/model.py: it does not parse: "):
        place("def predict(i): ...\n", "class Model(:\n")


GENERATED = """
class TrussChainletModel:
    def __init__(self, config): pass
    def load(self) -> None:
        self._chainlet = Own()
    {predict}
    def is_healthy(self):
        return self._chainlet.is_healthy()
"""
SYNC = "def predict(self, inputs, request): return ['out', self._chainlet.run_remote(**inputs)]"
ASYNC = "async def predict(self, inputs, request): return ['out', await self._chainlet.run_remote(**inputs)]"
STREAMING = """async def predict(self, inputs, request):
        async for chunk in self._chainlet.run_remote(**inputs): yield ['out', chunk]"""


@pytest.mark.parametrize(
    ("generated", "stub"),
    [
        (SYNC, "def predict(i): return i"),
        (ASYNC, "def predict(i): return i"),
        (ASYNC, "async def predict(i): return i"),
        (STREAMING, "def predict(i): yield i"),
        (STREAMING, "async def predict(i): yield i"),
    ],
)
def test_a_chainlet_s_stub_takes_the_arguments_by_name_and_its_types_stay(place, generated, stub):
    source = GENERATED.format(predict=generated)
    model = place(f"{stub}\ndef load(): print('loaded')\n", source, "TrussChainletModel")[
        "TrussChainletModel"
    ]({})
    model.load()
    assert asyncio.run(output_of(model.predict({"a": 1}, None))) == ["out", {"a": 1}]
    assert not hasattr(model, "is_healthy")


async def test_an_async_stub_may_stand_for_a_chainlet_that_is_not(place):
    model = place("async def predict(i): return i", GENERATED.format(predict=SYNC), "TrussChainletModel")[
        "TrussChainletModel"
    ]({})
    model.load()
    assert await asyncio.to_thread(model.predict, {"a": 1}, None) == ["out", {"a": 1}]


def test_a_chainlet_has_no_request(place):
    with pytest.raises(BadStub, match="takes model_input alone"):
        place("def predict(i, request): ...", GENERATED.format(predict=SYNC), "TrussChainletModel")
