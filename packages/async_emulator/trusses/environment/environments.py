"""The model's own Python environment, with the packages of its image and none of ours.

A hash of all its inputs names an environment, so that a second start finds it, and two Trusses with the same
requirements share it.
"""

import asyncio
import contextlib
import hashlib
import platform
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import uv

from async_emulator.errors import EnvironmentBuildFailed
from async_emulator.trusses.environment.package_index import environment_for_uv

# In the order in which the image installs them. A context has only the files that its Truss uses.
_REQUIREMENT_FILES = ("user_requirements.txt", "pyproject.toml", "requirements.txt")
_CONSTRAINTS = "constraints.txt"
_LOCK = "uv.lock"
_END_SECONDS = 1.0
"""How long a killed command may take to end. Our choice."""


class ModelEnvironments:
    """The environments below one folder. Concurrent calls for the same environment build it once."""

    def __init__(self, environments_dir: Path) -> None:
        self._environments_dir = environments_dir
        self._locks: defaultdict[Path, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def python_for(self, context: Path, python_version: str, announce: Callable[[str], None]) -> Path:
        """Return the Python with the context's requirements, which are installed unless they are already.

        uv's progress goes to standard error; `announce` takes lines for a person. Raises
        EnvironmentBuildFailed.
        """
        names = [name for name in (*_REQUIREMENT_FILES, _CONSTRAINTS, _LOCK) if (context / name).is_file()]
        contents = {name: _own_index(name, (context / name).read_text(encoding="utf-8")) for name in names}
        environment = self._environments_dir / _fingerprint(python_version, contents)
        async with self._locks[environment]:
            if not environment.is_dir():
                announce("installing the model's requirements (once; they are kept for the next start)")
                await _build(environment, python_version, contents, announce)
        return environment / "bin" / "python"


def _own_index(name: str, text: str) -> str:
    """Return the text without the index line that truss adds at the top: the user's own index applies."""
    if name != "requirements.txt":
        return text
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("-i "))


def _fingerprint(python_version: str, contents: dict[str, str]) -> str:
    parts = [python_version, sys.version.split()[0], platform.machine(), sys.platform]
    parts += [f"{name}\0{text}" for name, text in contents.items()]
    return hashlib.sha256("\0\0".join(parts).encode()).hexdigest()[:32]


async def _build(
    environment: Path, python_version: str, contents: dict[str, str], announce: Callable[[str], None]
) -> None:
    environments_dir = environment.parent
    environments_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=environments_dir, prefix=".building-") as name:
        building = Path(name)
        for file, text in contents.items():
            (building / file).write_text(text, encoding="utf-8")
        installer = _Installer(await asyncio.to_thread(environment_for_uv))
        files = [file for file in _REQUIREMENT_FILES if file in contents]
        if _LOCK in contents:
            files[files.index("pyproject.toml")] = "locked.txt"
            await installer.export_lock(building, building / "locked.txt")
        python = await installer.find_python(python_version)
        if python is None:
            python = sys.executable
            announce(
                f"warning: there is no Python {python_version} on this machine, as config.yaml asks; "
                f"the model runs on {platform.python_version()}"
            )
        await installer.make_environment(building / "environment", python)
        await installer.install(
            building / "environment", [building / file for file in files], building / _CONSTRAINTS
        )
        with contextlib.suppress(OSError):  # another emulator has built it first
            (building / "environment").rename(environment)


class _Installer:
    """uv, with the package index that the user configured for pip."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._uv = uv.find_uv_bin()

    async def find_python(self, version: str) -> str | None:
        """Return an interpreter of this version, if the machine has one."""
        found = await _run(
            self._uv,
            *("python", "find", "--no-project", "--no-python-downloads", version),
            environ=self._environ,
        )
        return found.stdout.strip() if found.exit_code == 0 else None

    async def export_lock(self, project: Path, output: Path) -> None:
        options = ("--frozen", "--no-emit-project", "--format", "requirements-txt", "--quiet")
        await self._run("export", *options, "--project", project, "--output-file", output)

    async def make_environment(self, environment: Path, python: str) -> None:
        await self._run("venv", "--quiet", "--relocatable", "--no-project", "--python", python, environment)

    async def install(self, environment: Path, files: Sequence[Path], constraints: Path) -> None:
        python = ("--python", environment / "bin" / "python")
        requirements = [argument for file in files for argument in ("--requirements", file)]
        await self._run("pip", "install", *python, "--constraints", constraints, *requirements)

    async def _run(self, *arguments: str | Path) -> None:
        """Run uv and show its progress; standard output is left to `serve` itself."""
        command = [self._uv, *map(str, arguments)]
        done = await _run(*command, environ=self._environ, stdout=sys.stderr, stderr=None)
        if done.exit_code != 0:
            raise EnvironmentBuildFailed(done.exit_code)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Finished:
    """The exit code of a command, and its output where that was captured."""

    exit_code: int
    stdout: str
    stderr: str


async def _run(
    *command: str,
    environ: Mapping[str, str] | None = None,
    stdout: IO[str] | int = asyncio.subprocess.PIPE,
    stderr: IO[str] | int | None = asyncio.subprocess.PIPE,
) -> _Finished:
    """Run a command to its end, or kill it when cancelled. Output is captured unless redirected."""
    process = await asyncio.create_subprocess_exec(
        *command, env=environ, stdin=asyncio.subprocess.DEVNULL, stdout=stdout, stderr=stderr
    )
    try:
        out, err = await process.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        with contextlib.suppress(TimeoutError):  # its own children may hold its pipes
            async with asyncio.timeout(_END_SECONDS):
                await process.wait()
        raise
    return _Finished(
        exit_code=await process.wait(),
        stdout=(out or b"").decode(errors="replace"),
        stderr=(err or b"").decode(errors="replace"),
    )
