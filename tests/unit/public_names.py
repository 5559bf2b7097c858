"""The home that a package gives each public name, as type checkers read it."""

import ast
from pathlib import Path
from types import ModuleType


def homes_for_type_checkers(package: ModuleType) -> dict[str, str]:
    """Return the module of each name that the package's `if TYPE_CHECKING:` block imports."""
    tree = ast.parse(Path(str(package.__file__)).read_text(encoding="utf-8"))
    [block] = [
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    return {
        alias.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
