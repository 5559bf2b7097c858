"""Every Truss and chain that truss ships for its own tests: how each is served, or why not.

`pytest -s` shows the table.
"""

from importlib.util import find_spec
from pathlib import Path

import pytest

from async_emulator.testing.emulator_process import EmulatorEnded, EmulatorProcess
from async_emulator.trusses.needs import IGNORABLE

pytestmark = [pytest.mark.prove, pytest.mark.timeout(900)]

IGNORE_ALL = [argument for key in IGNORABLE for argument in ("--ignore", key)]
STUB = "def predict(model_input):\n    return model_input\n"
NOT_SERVED = {"test_streaming_truss_with_tracing": "async requests need plain http"}


def folder_of(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def everything() -> list[Path]:
    trusses = [config.parent for config in (folder_of("truss") / "tests/test_data").glob("*/config.yaml")]
    return [*sorted(trusses), folder_of("truss_chains") / "reference_code/reference_chainlet.py"]


def problem_of(path: Path, options: list[str], data_dir: Path) -> str | None:
    """Serve it until it is ready; return the last line if it never is."""
    with EmulatorProcess(path, *options, "--data-dir", data_dir) as emulator:
        try:
            emulator.wait_until_ready(120)
        except EmulatorEnded:
            return emulator.lines[-1].removeprefix("truss-async: ").removeprefix("Error: ")
    return None


def test_every_truss_that_can_be_served_is(tmp_path):
    (tmp_path / "stub.py").write_text(STUB)
    ways: list[tuple[str, list[str]]] = [
        ("served", []),
        ("served with --ignore", IGNORE_ALL),
        ("served with --stub", ["--stub", str(tmp_path / "stub.py")]),
    ]
    table, refused = {}, {}
    for number, path in enumerate(everything()):
        problem = None
        for name, options in ways if path.is_dir() else ways[:1]:
            problem = problem_of(path, options, tmp_path / str(number))
            if problem is None:
                table[path.name] = name
                break
        else:
            table[path.name] = refused[path.name] = f"not served: {problem}"
    print(f"\n{len(table) - len(refused)} of {len(table)} are served")
    print("\n".join(f"| {name} | {how} |" for name, how in table.items()))
    assert set(refused) == set(NOT_SERVED)
    for name, reason in NOT_SERVED.items():
        assert reason in refused[name]
