"""Check the class of a Truss's model as Truss's server will see it, without importing it.

The rules for the hooks' parameters are Truss's own (truss 0.18.35, `truss/templates/server/model_wrapper.py`,
`ArgConfig` and `ModelDescriptor`). What only running the code could tell is not judged.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from async_inference.cli.checks.config_keys import minor_version
from async_inference.cli.checks.finding import Finding
from async_inference.cli.checks.python_source import (
    DECORATORS,
    Unreadable,
    last_name,
    looks_too_late,
    parsed,
    stores,
)

_SUBJECT = "model"
_HOOKS = ("preprocess", "predict", "postprocess")
_ELSEWHERE = ("docker_server", "trt_llm", "bis_llm")  # with these, no class is asked for

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def check_model(config: Mapping[str, Any], truss_dir: Path) -> Iterator[Finding]:
    """Find what would keep the model's class from starting, or from storing anything."""
    if any(config.get(key) for key in _ELSEWHERE):
        return
    file = Path(
        str(config.get("model_module_dir") or "model"), str(config.get("model_class_filename") or "model.py")
    )
    name, wanted = file.as_posix(), str(config.get("model_class_name") or "Model")
    try:
        module = parsed(truss_dir / file, subject=_SUBJECT, name=name, minor_version=minor_version(config))
    except Unreadable as unreadable:
        yield unreadable.finding
        return
    model = _class_named(module, wanted)
    if model is None:
        if not _may_be_bound(module, wanted):
            yield Finding(subject=_SUBJECT, problem=f"{name}: {_no_class(module, wanted)}")
        return
    for problem in _problems(module, model, config):
        yield Finding(subject=_SUBJECT, problem=f"{name}:{problem}")


def _class_named(module: ast.Module, name: str) -> ast.ClassDef | None:
    classes = [each for each in ast.walk(module) if isinstance(each, ast.ClassDef) and each.name == name]
    top = [each for each in classes if each in module.body]
    return next(iter(top or classes), None)


def _may_be_bound(module: ast.Module, name: str) -> bool:
    """Whether the module gets this name in another way: by an import, an assignment or a function."""
    for each in ast.walk(module):
        if isinstance(each, ast.alias) and (each.asname or each.name) in (name, "*"):
            return True
        if isinstance(each, ast.Name) and each.id == name and isinstance(each.ctx, ast.Store):
            return True
        if isinstance(each, _Function) and each.name in (name, "__getattr__"):
            return True
    return False


def _no_class(module: ast.Module, wanted: str) -> str:
    others = [each for each in module.body if isinstance(each, ast.ClassDef)]
    likely = next((each.name for each in others if _hook(each, "predict")), None)
    if likely:
        return f"found the class {likely}, and no {wanted}; write model_class_name: {likely} in config.yaml"
    return f"found no class {wanted}; write class {wanted}, with a method predict"


def _problems(module: ast.Module, model: ast.ClassDef, config: Mapping[str, Any]) -> Iterator[str]:
    has_bases = any(last_name(base) != "object" for base in model.bases) or bool(model.keywords)
    for name in _HOOKS:
        hook = _hook(model, name)
        if hook is not None and (problem := _parameters(module, hook)):
            yield f"{hook.lineno}: {name}: {problem}"
    predict = _hook(model, "predict")
    is_changed = bool(model.decorator_list) or _assigns_hooks(model)
    if not is_changed and predict is not None and (problem := looks_too_late(predict, config)):
        yield f"{predict.lineno}: predict: {problem}"
    if has_bases or is_changed:
        return  # what it inherits, or is given, may hold the rest
    if _hook(model, "websocket"):
        return
    if predict is None:
        yield f"{model.lineno}: {model.name}: found no method predict, which Truss calls; write one"
    if not stores(module):
        yield (
            f"{model.lineno}: {model.name}: found nothing that stores: no postprocess that calls store, and "
            "no @stores_outputs on predict; write def postprocess(self, output, request: Request): "
            "return self._outputs.store(output, request)"
        )


def _hook(model: ast.ClassDef, name: str) -> _Function | None:
    hooks = [each for each in model.body if isinstance(each, _Function) and each.name == name]
    return hooks[-1] if hooks else None


def _assigns_hooks(model: ast.ClassDef) -> bool:
    """Whether a hook is made otherwise than by `def`: `predict = traced(_predict)`, or under an `if`."""
    return any(
        isinstance(each, ast.Name) and each.id in _HOOKS and isinstance(each.ctx, ast.Store)
        for each in ast.walk(model)
    ) or any(
        isinstance(each, _Function) and each.name in _HOOKS and each not in model.body
        for each in ast.walk(model)
    )


def _parameters(module: ast.Module, hook: _Function) -> str | None:
    """Return why Truss's server refuses the parameters of this hook, or None."""
    decorators = {last_name(each) for each in hook.decorator_list}
    if not decorators <= DECORATORS:
        return None
    given = hook.args
    parameters = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    parameters += [each for each in (given.vararg, given.kwarg) if each]
    match parameters[1:]:  # without self
        case [only] if hook.name == "postprocess" and _is_request(module, only):
            return "found the request as its only parameter; write (self, output, request: Request)"
        case [first, _] if _is_request(module, first):
            return f"found the request first; write ({hook.name}'s input, then request: Request)"
        case [_, second] if not _is_request(module, second):
            if _reads_as_request(second):
                return (
                    f"found the annotation of {second.arg} as text, which Truss cannot read; write "
                    "request: Request, and no from __future__ import annotations"
                )
            return (
                f"found the parameter {second.arg} without the annotation Request; write "
                f"{second.arg}: Request, with from starlette.requests import Request"
            )
        case [_, _, *more] if more:
            return f"found {len(more) + 2} parameters beside self; Truss gives it two at most"
    return None


def _reads_as_request(parameter: ast.arg) -> bool:
    node = parameter.annotation
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.rpartition(".")[2] == "Request"
    return node is not None and last_name(node) == "Request"


def _is_request(module: ast.Module, parameter: ast.arg) -> bool:
    """Whether the annotation is a class at run time, and starlette's `Request` as far as can be told."""
    if parameter.annotation is None or isinstance(parameter.annotation, ast.Constant):
        return False
    if any(
        isinstance(each, ast.ImportFrom)
        and each.module == "__future__"
        and any(alias.name == "annotations" for alias in each.names)
        for each in module.body
    ):
        return False  # Truss reads the annotation as it stands, and it is then text
    name = last_name(parameter.annotation)
    if name in ("", "Request"):
        return name == "Request"
    for each in ast.walk(module):
        if isinstance(each, ast.ImportFrom):
            if any(alias.asname == name and alias.name == "Request" for alias in each.names):
                return True
        elif isinstance(each, ast.ClassDef) and each.name == name:
            return any(last_name(base) == "Request" for base in each.bases)
        elif isinstance(each, ast.Assign) and any(last_name(target) == name for target in each.targets):
            return True  # an alias, which may be anything
    return False
