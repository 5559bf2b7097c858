"""Azurite, Microsoft's own emulator of Azure Blob Storage: a real server over sockets, from npm.

It is installed once, into this clone's `.cache`; `python -m tests.contract.servers.azurite` does that first.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

VERSION = "3.35.0"  # the last for Node.js 20
CACHE = Path(__file__).resolve().parents[3] / ".cache" / f"azurite-{VERSION}"

# Azurite's one account, published with it, the same on every machine.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

_MAIN = "node_modules/azurite/dist/src/blob/main.js"
_UNTIL_STDIN_ENDS = "process.stdin.resume().on('end', () => process.exit()); require(process.argv[1])"
_INSTALL_SECONDS = 100  # 25 seen


class NoNode(Exception):
    pass


def installed() -> Path:
    """The server's program, installed if it is not."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise NoNode("Azurite needs Node.js (node and npm), which is not on this machine")
    if not (CACHE / _MAIN).exists():
        CACHE.parent.mkdir(exist_ok=True)
        unfinished = Path(mkdtemp(dir=CACHE.parent, prefix="azurite-"))
        command = ["npm", "install", "--prefix", str(unfinished), "--no-save", "--no-package-lock"]
        command += ["--no-audit", "--no-fund", "--ignore-scripts", "--silent", f"azurite@{VERSION}"]
        subprocess.run(command, check=True, timeout=_INSTALL_SECONDS, stdin=subprocess.DEVNULL)
        try:
            unfinished.rename(CACHE)
        except OSError:  # somebody else was faster
            shutil.rmtree(unfinished)
    return CACHE / _MAIN


@contextmanager
def served() -> Iterator[str]:
    """The endpoint of its one account, on a port the system chose. Nothing is kept on disk."""
    try:
        program = installed()
    except NoNode as error:
        pytest.skip(str(error))
    command = ["node", "-e", _UNTIL_STDIN_ENDS, str(program), "--blobHost", "127.0.0.1", "--blobPort", "0"]
    command += ["--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--disableTelemetry"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"{_address(process.stdout)}/{ACCOUNT}"
        process.stdin.close()


def _address(lines: Iterable[str]) -> str:
    said = ""
    for line in lines:
        said += line
        if found := re.search(r"successfully listens on (http://127\.0\.0\.1:\d+)", line):
            return found.group(1)
    raise RuntimeError(f"Azurite did not start: {said}")


if __name__ == "__main__":
    print(installed())
