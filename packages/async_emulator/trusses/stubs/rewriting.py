"""A model's own file with the bodies of `predict` and `load` replaced by calls of a stub.

All else stays as it is and on its line: what is decorated stays decorated, and what has types keeps them. The
decorators are given a `predict` that is sync, async or a generator, as the stub's is.
"""

import ast
import re
from copy import deepcopy
from pathlib import Path

from async_emulator.errors import BadStub, NotATruss
from async_emulator.trusses.before_server import PACKAGE
from async_emulator.trusses.stubs.stub import Function, Stub, has_yield

_GENERATED = "TrussChainletModel"
"""The class that truss_chains generates around a chainlet (truss_chains.deployment.code_gen)."""
_NEWLINE = re.compile("\r\n|\r|\n")  # what ends a line for Python; for str.splitlines, more does
_IMPORT = f"from {PACKAGE} import stub"

_Methods = dict[str, Function]
_Edits = list[tuple[Function, list[str]]]
"""Functions, and the source of the ones in their place, without decorators."""


def with_stub(model_file: Path, source: str, class_name: str, stub: Stub) -> str:
    """Return the model's source with the stub in the place of its own `predict` and `load`.

    Raises NotATruss where the source does not parse, and BadStub.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise NotATruss(model_file, f"it does not parse: {error}") from error
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name]
    methods = {node.name: node for each in classes for node in each.body if isinstance(node, Function)}
    if class_name == _GENERATED and {"load", "predict"} <= methods.keys():
        return _replace(source, _of_chainlet(methods, stub))
    if "predict" in methods:
        changed = _replace(source, _of_model(methods, stub))
    else:  # it inherits or imports it, or there is none
        new = [_predict(None, stub), _load(stub)]
        base = f"({class_name})" if class_name in _names(tree) else ""
        changed = "\n".join([source, "", f"class {class_name}{base}:", *_indented(new, "    ")])
    return (
        f"{changed}\n\nfrom {PACKAGE}.tolerant_init import tolerate as _tolerate\n_tolerate({class_name})\n"
    )


def _of_model(methods: _Methods, stub: Stub) -> _Edits:
    predict, load = methods["predict"], methods.get("load")
    if load is None:
        return [(predict, [_predict(predict, stub), _load(stub)])]
    return [(predict, [_predict(predict, stub)]), (load, [_load(stub)])]


def _of_chainlet(methods: _Methods, stub: Stub) -> _Edits:
    """Only the chainlet itself is replaced, which generated code makes in `load`; `predict` stays."""
    if stub.takes_request:
        raise BadStub(stub.file, "the predict of a chainlet's stub takes model_input alone")
    predict = methods["predict"]
    is_async = isinstance(predict, ast.AsyncFunctionDef)
    kind = "StreamingChainlet" if has_yield(predict) else "AsyncChainlet" if is_async else "SyncChainlet"
    load = f"def load(self):\n    from {PACKAGE}.stub_chainlet import {kind}\n    self._chainlet = {kind}()"
    edits: _Edits = [(methods["load"], [load])]
    if (is_healthy := methods.get("is_healthy")) is not None:
        edits.append((is_healthy, []))
    return edits


def _replace(source: str, edits: _Edits) -> str:
    """Replace the functions below their decorators. A replacement that is shorter is filled up with lines."""
    lines = _NEWLINE.split(source)
    for old, new in sorted(edits, key=lambda edit: edit[0].lineno, reverse=True):
        end = old.end_lineno or old.lineno
        replacement = _indented(new, lines[old.lineno - 1][: old.col_offset])
        lines[old.lineno - 1 : end] = [*replacement, *[""] * (end - old.lineno + 1 - len(replacement))]
    return "\n".join(lines)


def _predict(predict: Function | None, stub: Stub) -> str:
    """Return a `predict` with the parameters and types of the model's own, and the stub as its body."""
    arguments = deepcopy(predict.args) if predict else _parsed_arguments("self")
    returns = predict.returns if predict else None
    request = _fit(arguments, stub)
    if stub.is_typed:
        arguments.args[1].annotation = _expression(f"__import__('{PACKAGE}.stub_types').stub_types.INPUT")
        returns = _expression(f"__import__('{PACKAGE}.stub_types').stub_types.OUTPUT")
    given = [arguments.args[1].arg, *([request] if request else [])]
    call = f"stub.predict({', '.join(given)})"
    body = {
        (False, False): f"return {call}",
        (True, False): f"return await {call}",
        (False, True): f"yield from {call}",
        (True, True): f"async for chunk in {call}:\n        yield chunk",
    }[stub.is_async, stub.is_generator]
    head = "async def" if stub.is_async else "def"
    arrow = f" -> {ast.unparse(returns)}" if returns else ""
    return f"{head} predict({ast.unparse(arguments)}){arrow}:\n    {_IMPORT}\n    {body}"


def _fit(arguments: ast.arguments, stub: Stub) -> str | None:
    """Let the parameters begin with self and the input; return the request's name where the stub takes it.

    A model that takes the bare request alone gets the input, and a stub that wants it the request too.
    """
    model, *given = [*arguments.posonlyargs, *arguments.args]
    if not given or (given[0].annotation and ast.unparse(given[0].annotation).endswith("Request")):
        given = [ast.arg("model_input"), *(given if stub.takes_request else [])]
    if stub.takes_request and len(given) == 1:
        given.append(ast.arg("request", _expression("__import__('starlette.requests').requests.Request")))
    arguments.posonlyargs, arguments.args = [], [model, *given]
    return given[1].arg if stub.takes_request else None


def _load(stub: Stub) -> str:
    return f"def load(self):\n    {_IMPORT}" + ("\n    stub.load()" if stub.has_load else "")


def _indented(functions: list[str], indent: str) -> list[str]:
    return [indent + line for function in functions for line in function.split("\n")]


def _names(tree: ast.Module) -> set[str]:
    """The names that the module defines or imports."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return names | {alias.asname or alias.name for node in imports for alias in node.names}


def _expression(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


def _parsed_arguments(source: str) -> ast.arguments:
    parsed = ast.parse(f"lambda {source}: 0", mode="eval").body
    if not isinstance(parsed, ast.Lambda):
        raise TypeError("the source is that of a lambda's parameters")
    return parsed.args
