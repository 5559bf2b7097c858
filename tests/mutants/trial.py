"""Runs tests against a mutant, in a process forked from one that has already imported the libraries."""

import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 20.0
"""A mutant that takes longer hangs, which the tests have noticed."""

# Never a module of ours: those are imported after the fork, with the mutant among them.
_PRELOADED = (
    "aiohttp.web",
    "fastapi",
    "httpx",
    "pydantic",
    "pytest_asyncio.plugin",
    "schemathesis.pytest.plugin",
    "uvicorn",
)
_OPTIONS = (
    *("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # the plugins are preloaded
)

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([*_PRELOADED])


class Checkout:
    """A copy of the tracked files, in which one module at a time is changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        command = ["git", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)

    def passes(self, module: str, code: str, tests: tuple[str, ...]) -> bool:
        """Whether all `tests` pass with `code` in the module's place."""
        path = self._folder / "packages" / module
        original = path.read_text(encoding="utf-8")
        path.write_text(code, encoding="utf-8")
        process = _processes.Process(target=_run_tests, args=(self._folder, tests))
        try:
            process.start()
            process.join(TIMEOUT_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()
        finally:
            path.write_text(original, encoding="utf-8")
        return process.exitcode == 0


def _run_tests(folder: Path, tests: tuple[str, ...]) -> None:
    os.chdir(folder)
    sys.path[:] = [str(folder), str(folder / "packages"), *sys.path]
    sys.dont_write_bytecode = True
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    os.environ["PYTHONPATH"] = str(folder / "packages")
    os._exit(pytest.main([*_OPTIONS, *tests]))
