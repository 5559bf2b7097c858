"""The model's own Python environment, with the packages of its image and none of ours.

A hash of all its inputs, the interpreter included, names an environment, so that a second start finds it, and
two Trusses with the same requirements share it.
"""

import asyncio
import hashlib
import platform
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import uv

from async_emulator.disk import refuse_full
from async_emulator.errors import EnvironmentBuildFailed
from async_emulator.trusses.build_cache import BuildCache
from async_emulator.trusses.environment.commands import run
from async_emulator.trusses.environment.interpreters import OWN, Interpreter, Interpreters
from async_emulator.trusses.environment.package_index import environment_for_uv

# In the order in which the image installs them. A context has only the files that its Truss uses.
_REQUIREMENT_FILES = ("user_requirements.txt", "pyproject.toml", "requirements.txt")
_CONSTRAINTS = "constraints.txt"
_OVERRIDES = "overrides.txt"
_LOCK = "uv.lock"
NOT_FOR_A_STUB = (
    *("accelerate", "auto-gptq", "autoawq", "bitsandbytes", "cupy-cuda11x", "cupy-cuda12x", "deepspeed"),
    *(
        "flash-attn",
        "jax",
        "jaxlib",
        "lmdeploy",
        "onnxruntime-gpu",
        "peft",
        "sentence-transformers",
        "sglang",
    ),
    *("tensorflow", "tensorrt", "tensorrt-llm", "torch", "torchaudio", "torchvision", "triton", "vllm"),
    "xformers",
)
"""Packages that run models on GPUs, and those that cannot be imported without one of them. Our choice."""


class ModelEnvironments:
    """The environments of one cache. Concurrent calls for the same environment build it once."""

    def __init__(self, cache: BuildCache, interpreters: Interpreters | None = None) -> None:
        self._cache = cache
        self._interpreters = interpreters or Interpreters()
        self._locks: defaultdict[Path, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def python_for(
        self,
        context: Path,
        python_version: str,
        announce: Callable[[str], None],
        *,
        left_out: Sequence[str] = (),
    ) -> Path:
        """Return the Python with the context's requirements, which are installed unless they are already.

        The interpreter is looked for each time; `announce` warns each time where it is of another version.
        Packages that are `left_out` are not installed, whatever requires them. uv's progress goes to standard
        error. Raises EnvironmentBuildFailed and DiskFull.
        """
        interpreter = await self._interpreters.find(python_version)
        if interpreter is None:
            interpreter = OWN
            announce(
                f"warning: there is no Python {python_version} on this machine, as config.yaml asks; "
                f"the model runs on {interpreter.version}"
            )
        names = [name for name in (*_REQUIREMENT_FILES, _CONSTRAINTS, _LOCK) if (context / name).is_file()]
        contents = {name: _own_index(name, (context / name).read_text(encoding="utf-8")) for name in names}
        if left_out:
            # A requirement for a machine that does not exist: uv then drops the package wherever it is named.
            contents[_OVERRIDES] = "".join(f"{name} ; sys_platform == 'none'\n" for name in left_out)
        environment = self._cache.environments_dir / _fingerprint(interpreter, contents)
        async with self._locks[environment]:
            if not self._cache.use(environment):
                announce("installing the model's requirements (once; they are kept for the next start)")
                with self._cache.building(environment) as building:
                    await _build(building, interpreter, contents)
                    self._cache.put_in_place(building / "environment", environment)
        return environment / "bin" / "python"


def _own_index(name: str, text: str) -> str:
    """Return the text without the index line that truss adds at the top: the user's own index applies."""
    if name != "requirements.txt":
        return text
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("-i "))


def _fingerprint(interpreter: Interpreter, contents: dict[str, str]) -> str:
    parts = [interpreter.version, str(interpreter.path), platform.machine(), sys.platform]
    parts += [f"{name}\0{text}" for name, text in contents.items()]
    return hashlib.sha256("\0\0".join(parts).encode()).hexdigest()[:32]


async def _build(building: Path, interpreter: Interpreter, contents: dict[str, str]) -> None:
    """Make `building`/environment."""
    for file, text in contents.items():
        (building / file).write_text(text, encoding="utf-8")
    installer = _Installer(await asyncio.to_thread(environment_for_uv))
    files = [file for file in _REQUIREMENT_FILES if file in contents]
    try:
        if _LOCK in contents:
            files[files.index("pyproject.toml")] = "locked.txt"
            await installer.export_lock(building, building / "locked.txt")
        await installer.make_environment(building / "environment", interpreter.path)
        await installer.install(
            building / "environment",
            [building / file for file in files],
            constraints=building / _CONSTRAINTS,
            overrides=building / _OVERRIDES if _OVERRIDES in contents else None,
        )
    except EnvironmentBuildFailed:
        refuse_full(building.parent)
        raise


class _Installer:
    """uv, with the package index that the user configured for pip."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._uv = uv.find_uv_bin()

    async def export_lock(self, project: Path, output: Path) -> None:
        options = ("--frozen", "--no-emit-project", "--format", "requirements-txt", "--quiet")
        await self._run("export", *options, "--project", project, "--output-file", output)

    async def make_environment(self, environment: Path, python: Path) -> None:
        await self._run("venv", "--quiet", "--relocatable", "--no-project", "--python", python, environment)

    async def install(
        self, environment: Path, files: Sequence[Path], *, constraints: Path, overrides: Path | None
    ) -> None:
        python = ("--python", environment / "bin" / "python")
        options = ("--constraints", constraints, *(("--overrides", overrides) if overrides else ()))
        requirements = [argument for file in files for argument in ("--requirements", file)]
        await self._run("pip", "install", *python, *options, *requirements)

    async def _run(self, *arguments: str | Path) -> None:
        """Run uv and show its progress; standard output is left to `serve` itself."""
        command = [self._uv, *map(str, arguments)]
        done = await run(*command, environ=self._environ, stdout=sys.stderr, stderr=None)
        if done.exit_code != 0:
            raise EnvironmentBuildFailed(done.exit_code)
