"""A package's names are imported on first use, and a type checker sees the same names in the same modules."""

import ast
from pathlib import Path
from types import ModuleType

import pytest

import async_inference
import truss_outputs


@pytest.mark.parametrize("package", [async_inference, truss_outputs])
def test_the_type_checker_and_the_table_find_each_name_in_the_same_module(package: ModuleType) -> None:
    source = ast.parse(Path(str(package.__file__)).read_text(encoding="utf-8"))
    [for_the_checker] = [node for node in source.body if isinstance(node, ast.If)]
    imports = [node for node in for_the_checker.body if isinstance(node, ast.ImportFrom)]
    checked = {name.name: node.module for node in imports for name in node.names}
    assert checked == {name: f"{package.__name__}.{module}" for name, module in package._HOMES.items()}
    assert sorted(checked) == sorted(package.__all__)
