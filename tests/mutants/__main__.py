"""Would the tests notice? `make mutants` changes one thing at a time and runs the nearest tests.

    python -m tests.mutants [PART_OF_A_MODULE'S_PATH ...]

Prints each mutant that survives, unless `equivalents.toml` says why none can notice it, and then fails. The
mutants are made in copies of the tracked files; nothing here is changed.
"""

import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from cosmic_ray import plugins
from cosmic_ray.ast import Visitor, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator

from tests.mutants.drop_call import DropCall
from tests.mutants.trial import ROOT, Checkout

_RESULTS = ("tests/unit/truss_outputs/results",)
_QUEUE = ("tests/unit/async_emulator/queue", "tests/contract/queue")
_WEBHOOKS = ("tests/unit/async_emulator/webhooks", "tests/integration/prediction/test_webhook_delivery.py")
NEAREST_TESTS = {
    "truss_outputs/keys.py": ("tests/unit/truss_outputs/test_keys.py", *_RESULTS),
    "truss_outputs/results/commit.py": _RESULTS,
    "truss_outputs/results/reader.py": _RESULTS,
    "truss_outputs/results/writer.py": _RESULTS,
    "async_emulator/queue/changes.py": _QUEUE,
    "async_emulator/queue/lifecycle.py": _QUEUE,
    "async_emulator/queue/sqlite.py": _QUEUE,
    "async_emulator/prediction/capacity.py": (
        "tests/unit/async_emulator/prediction/test_capacity.py",
        "tests/unit/async_emulator/replicas",
        "tests/integration/prediction/test_sync_prediction.py",
    ),
    "async_emulator/prediction/dispatcher.py": (
        "tests/integration/prediction/test_dispatch.py",
        "tests/integration/prediction/test_dispatcher_state.py",
        "tests/integration/prediction/test_retries.py",
        "tests/integration/prediction/test_failing_disk.py",
    ),
    "async_emulator/prediction/outcome.py": (
        "tests/unit/async_emulator/prediction/test_outcome.py",
        "tests/integration/prediction/test_dispatcher_state.py",
        "tests/integration/prediction/test_dispatch.py",
    ),
    "async_emulator/webhooks/delivery.py": _WEBHOOKS,
    "async_emulator/webhooks/sender.py": _WEBHOOKS,
    "async_emulator/webhooks/signing_secrets.py": _WEBHOOKS,
}

_OPERATORS: tuple[type[Operator], ...] = (
    DropCall,
    *(
        plugins.get_operator(f"core/{name}")
        for name in (
            *(
                f"ReplaceComparisonOperator_{pair}"
                for pair in ("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is")
            ),
            *(f"ReplaceComparisonOperator_{pair}" for pair in ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt")),
            *(f"ReplaceBinaryOperator_{pair}" for pair in ("Add_Sub", "Sub_Add", "Mul_Div")),
            *("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
            *("ReplaceAndWithOr", "ReplaceOrWithAnd"),
            *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
            *("NumberReplacer", "ExceptionReplacer"),
        )
    ),
)


@dataclass(frozen=True)
class Mutant:
    """One change of one module: in `function`, `line` becomes `changed`."""

    module: str
    function: str
    line: str
    changed: str
    code: str

    @property
    def identity(self) -> tuple[str, str, str, str]:
        return self.module, self.function, self.line, self.changed

    @property
    def title(self) -> str:
        return f"{self.module}: {self.function}\n  - {self.line}\n  + {self.changed}"

    @property
    def is_idle(self) -> bool:
        """Whether the change only loosens how a value may be built, or which arguments have names."""
        return self.line.startswith(("@dataclass(", "if TYPE_CHECKING:")) or (
            self.line.replace("*,", "/,") == self.changed
        )


class _Counter(Visitor):  # type: ignore[misc]
    """Counts the places that an operator can change."""

    def __init__(self, operator: Operator) -> None:
        self.number = 0
        self._operator = operator

    def visit(self, node: object) -> object:
        self.number += len(list(self._operator.mutation_positions(node)))
        return node


def mutants_of(module: str) -> Iterator[Mutant]:
    """Every mutant of a module that may behave differently."""
    original = (ROOT / "packages" / module).read_text(encoding="utf-8")
    for kind in _OPERATORS:
        counter = _Counter(kind())
        counter.walk(get_ast(original))
        for number in range(counter.number):
            try:
                code = mutate_code(original, kind(), number)
            except AttributeError:  # ExceptionReplacer cannot replace a dotted name
                continue
            if not (mutant := _mutant(module, original, code)).is_idle:
                yield mutant


def _mutant(module: str, original: str, code: str) -> Mutant:
    function = ""
    for before, after in zip(original.splitlines(), code.splitlines(), strict=False):
        if found := re.match(r" *(?:async )?def (\w+)", before):
            function = found[1]
        elif before[:1].isalpha() or before[:1] == "_":  # a statement of the module, or a class
            function = ""
        if before != after:
            return Mutant(module, function, before.strip(), after.strip(), code)
    raise AssertionError("nothing was changed")


def equivalents() -> set[tuple[str, str, str, str]]:
    """The identities of the mutants that no test can notice."""
    listed = tomllib.loads(Path(__file__).with_name("equivalents.toml").read_text(encoding="utf-8"))
    return {
        (each["module"], each["function"], each["line"], each["changed"]) for each in listed["equivalent"]
    }


def main(parts: list[str]) -> int:
    modules = [name for name in NEAREST_TESTS if not parts or any(part in name for part in parts)]
    known = equivalents()
    mutants = [mutant for module in modules for mutant in mutants_of(module)]
    tried = [each for each in mutants if each.identity not in known]
    print(
        f"{len(mutants)} mutants of {len(modules)} modules, {len(mutants) - len(tried)} known as equivalent"
    )
    workers = 2 * (os.cpu_count() or 1)  # a mutant that hangs only waits
    checkouts: SimpleQueue[Checkout] = SimpleQueue()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:
        for number in range(workers):
            checkouts.put(Checkout(Path(folder, str(number))))
        checkout = checkouts.get()
        for module in modules:
            unchanged = (ROOT / "packages" / module).read_text(encoding="utf-8")
            if not checkout.passes(module, unchanged, NEAREST_TESTS[module]):
                sys.exit(f"{module}: its nearest tests fail without a mutant")
        checkouts.put(checkout)

        def survivor(mutant: Mutant) -> Mutant | None:
            checkout = checkouts.get()
            try:
                tests = NEAREST_TESTS[mutant.module]
                return mutant if checkout.passes(mutant.module, mutant.code, tests) else None
            finally:
                checkouts.put(checkout)

        survivors = []
        for done, found in enumerate(pool.map(survivor, tried), 1):
            if found is not None:
                survivors.append(found)
                print(found.title, flush=True)
            if done % 50 == 0:
                print(f"{done} of {len(tried)} tried, {len(survivors)} survive", flush=True)
    print(f"{len(tried) - len(survivors)} of {len(tried)} killed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
