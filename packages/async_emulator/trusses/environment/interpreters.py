"""The Python interpreters of this machine, for the version that a Truss asks for."""

import json
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uv

from async_emulator.trusses.environment.commands import run


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """One interpreter. `version` is complete, such as 3.11.7."""

    path: Path
    version: str

    def is_of(self, version: str) -> bool:
        """Whether it is of this version, such as 3.11."""
        return self.version.split(".")[:2] == version.split(".")[:2]


OWN = Interpreter(path=Path(sys.executable).resolve(), version=platform.python_version())
"""The one that runs the emulator."""


class Interpreters:
    """Finds interpreters, anew each time: one may have been installed, updated or removed."""

    async def find(self, version: str) -> Interpreter | None:
        """Return an interpreter of this version, such as 3.10; None: this machine has none."""
        if OWN.is_of(version):
            return OWN
        # `uv python find` gives up at the first name on the path that does not run, such as a shim of pyenv.
        listed = await run(
            *(uv.find_uv_bin(), "python", "list", "--only-installed", "--output-format", "json", version)
        )
        entries: list[dict[str, Any]] = json.loads(listed.stdout) if listed.exit_code == 0 else []
        found = [Interpreter(path=Path(each["path"]), version=each["version"]) for each in entries]
        return next((each for each in found if each.is_of(version)), None)
