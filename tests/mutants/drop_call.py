"""A mutation that cosmic-ray lacks: a statement that only calls something is dropped."""

from collections.abc import Iterator
from typing import Any

from cosmic_ray.operators.operator import Example, Operator
from parso import parse


class DropCall(Operator):  # type: ignore[misc]  # cosmic-ray has no types
    """Replaces a statement such as `self.wake()` or `await queue.put(x)` by `None`."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if _is_call_statement(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        dropped: Any = parse("None").children[0]  # type: ignore[no-untyped-call]
        dropped.prefix = node.get_first_leaf().prefix
        return dropped

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("def f():\n    g()\n", "def f():\n    None\n"),)


def _is_call_statement(node: Any) -> bool:
    if node.parent is None or node.parent.type != "simple_stmt" or node.type not in ("atom_expr", "power"):
        return False
    last = node.children[-1]
    return bool(last.type == "trailer" and last.children[0].value == "(")
