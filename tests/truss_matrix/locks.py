"""The versions of truss that `make truss-matrix` runs on, and the locks of their environments.

An environment is requirements/dev.txt with one version of truss in place of the pinned one. So a lock holds
only the packages that are otherwise there than in dev.txt: truss itself, and what that version asks for.

    python -m tests.truss_matrix.locks

writes both locks again: of the oldest version that pyproject.toml allows, and of the newest that the package
index has.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import uv
from packaging.requirements import Requirement

from async_emulator.trusses.environment.package_index import environment_for_uv

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENTS = ROOT / ".cache" / "truss"
"""Where the Makefile sets up the environments of the oldest and the newest."""

PINNED = ROOT / "requirements" / "dev.txt"
OLDEST = ROOT / "requirements" / "truss-oldest.txt"
NEWEST = ROOT / "requirements" / "truss-newest.txt"

_COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-header", "--no-annotate", "--extra", "dev"),
)


def oldest_supported() -> str:
    """The lower bound of truss in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [truss] = [each for each in map(Requirement, project["dependencies"]) if each.name == "truss"]
    [bound] = truss.specifier
    return bound.version


def locked_version(lock: Path) -> str:
    """The version of truss in this lock."""
    [version] = re.findall(r"^truss==(\S+)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return str(version)


def lock_of_this_environment() -> Path:
    """The lock from which the environment of this process was made."""
    environment = Path(sys.prefix).resolve()
    if environment.parent == ENVIRONMENTS:
        return PINNED.with_name(f"truss-{environment.name}.txt")
    return PINNED


def _write(lock: Path, truss: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.txt"
        shutil.copy(PINNED, whole)  # uv keeps the versions that it finds there
        command = [uv.find_uv_bin(), *_COMPILE, "--upgrade-package", truss, "--output-file", str(whole)]
        subprocess.run([*command, "pyproject.toml"], cwd=ROOT, env=environment_for_uv(), check=True)
        different = differing(whole.read_text(encoding="utf-8"), PINNED.read_text(encoding="utf-8"))
    lock.write_text(different, encoding="utf-8")
    print(f"{lock.relative_to(ROOT)}: truss {locked_version(lock)}")


def differing(lock: str, pinned: str) -> str:
    """Return the part of a lock that names other versions than `pinned` does, and always truss."""
    known = {_heading(each) for each in _packages(pinned)}
    return "".join(
        each for each in _packages(lock) if _heading(each) not in known or each.startswith("truss==")
    )


def _packages(lock: str) -> list[str]:
    """Split a lock into one piece for each package."""
    return [piece for piece in re.split(r"^(?=\S)", lock, flags=re.MULTILINE) if "==" in piece]


def _heading(package: str) -> str:
    """Return the package's name and version, and where it is needed, without its hashes."""
    return package.partition("\\")[0]


if __name__ == "__main__":
    _write(OLDEST, f"truss=={oldest_supported()}")
    _write(NEWEST, "truss")
