"""Environments for models: of the right Python, built once, and safe from other processes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from async_emulator.trusses.build_cache import BuildCache
from async_emulator.trusses.environment.environments import ModelEnvironments
from async_emulator.trusses.environment.interpreters import OWN, Interpreter, Interpreters

OWN_VERSION = ".".join(OWN.version.split(".")[:2])
INSTALLING = "installing the model's requirements (once; they are kept for the next start)"
WARNING = (
    f"warning: there is no Python 3.9 on this machine, as config.yaml asks; the model runs on {OWN.version}"
)


class Machine(Interpreters):
    """A machine with these interpreters besides the emulator's own."""

    def __init__(self) -> None:
        self.installed: list[Interpreter] = []

    async def find(self, version: str) -> Interpreter | None:
        return next((each for each in [OWN, *self.installed] if each.is_of(version)), None)


class Start:
    """The environments as one start of the emulator sees them; what is said is kept in `lines`."""

    def __init__(self, folder: Path, cache: BuildCache, machine: Machine) -> None:
        self.lines: list[str] = []
        self._context = folder / "context"
        self._environments = ModelEnvironments(cache, machine)

    async def python(self, version: str) -> Path:
        return await self._environments.python_for(self._context, version, self.lines.append)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[BuildCache]:
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "requirements.txt").write_text("")
    (tmp_path / "context" / "constraints.txt").write_text("")
    cache = BuildCache(tmp_path / "cache")
    yield cache
    cache.close()


async def test_an_environment_is_that_of_the_interpreter_which_each_start_finds(tmp_path, cache):
    machine = Machine()
    first = Start(tmp_path, cache, machine)
    instead = await first.python("3.9")
    assert first.lines == [WARNING, INSTALLING]

    second = Start(tmp_path, cache, machine)
    assert await second.python("3.9") == instead
    assert await second.python(OWN_VERSION) == instead
    assert second.lines == [WARNING]  # again, and without another build

    machine.installed.append(Interpreter(path=Path(sys.executable), version="3.9.1"))
    third = Start(tmp_path, cache, machine)
    right = await third.python("3.9")
    assert right != instead
    assert third.lines == [INSTALLING]


async def test_the_machine_s_own_interpreters_are_looked_for():
    assert await Interpreters().find(OWN_VERSION) == OWN
    assert await Interpreters().find("3.99") is None
