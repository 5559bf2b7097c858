"""The file of a stub, read without running it."""

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from async_emulator.errors import BadStub
from async_emulator.settings.substitutes import Substitutes

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True, slots=True)
class Stub:
    """What a stub's `predict` is, and whether there is a `load` beside it.

    `is_typed`: its parameter is annotated, and so takes the place of the model's own type. `takes_request`:
    it has a second parameter, the request.
    """

    file: Path
    is_async: bool
    is_generator: bool
    is_typed: bool
    takes_request: bool
    has_load: bool

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read the file. Raises BadStub."""
        try:
            tree = ast.parse(file.read_bytes(), filename=str(file))
        except OSError as error:
            raise BadStub(file, f"it cannot be read: {error.strerror}") from error
        except SyntaxError as error:
            raise BadStub(file, f"line {error.lineno or 1}: {error.msg}") from error
        except ValueError as error:  # a null byte
            raise BadStub(file, str(error)) from error
        functions = {node.name: node for node in tree.body if isinstance(node, Function)}
        predict = functions.get("predict")
        if predict is None:
            raise BadStub(file, "it has no function predict(model_input)")
        arguments = [*predict.args.posonlyargs, *predict.args.args]
        if not 1 <= len(arguments) <= 2:
            raise BadStub(file, "its predict must take model_input, and may take the request after it")
        return cls(
            file=file,
            is_async=isinstance(predict, ast.AsyncFunctionDef),
            is_generator=has_yield(predict),
            is_typed=arguments[0].annotation is not None,
            takes_request=len(arguments) == 2,
            has_load="load" in functions,
        )


def check_stubs(substitutes: Substitutes) -> None:
    """Raise BadStub where a file is no stub."""
    for file in substitutes.stubs.values():
        Stub.read(file)


def has_yield(function: Function) -> bool:
    """Whether the function itself is a generator: a `yield` in a function inside it does not count."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))
    return False
