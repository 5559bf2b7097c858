"""An environment for a rival, that holds it and nothing of ours; made once, and kept below `.cache`."""

import subprocess
import sys
from pathlib import Path

import uv

from async_emulator.trusses.environment.package_index import environment_for_uv

_ENVIRONMENTS = Path(__file__).resolve().parent.parent / ".cache" / "rivals"


def rival_python(name: str, *requirements: str) -> Path:
    """The Python that has these requirements. Raises CalledProcessError where they cannot be had."""
    environment = _ENVIRONMENTS / name
    python = environment / "bin" / "python"
    done = environment / "requirements.txt"
    wanted = "\n".join(requirements)
    if not done.is_file() or done.read_text(encoding="utf-8") != wanted:
        environ = environment_for_uv()
        for command in (
            ["venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(environment)],
            ["pip", "install", "--quiet", "--python", str(python), *requirements],
        ):
            subprocess.run([uv.find_uv_bin(), *command], env=environ, check=True)
        done.write_text(wanted, encoding="utf-8")
    return python
