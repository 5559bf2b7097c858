"""`truss-async` without the seconds that its imports take: each run is forked from what has them.

What runs is the command itself, in a process of its own, with a standard error of its own and no input.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_SERVING = " on http://"


class ForkedEmulator:
    """One run of `truss-async serve`."""

    def __init__(self, pipe: "subprocess.Popen[str]", output_file: Path, arguments: list[str]) -> None:
        self._pipe = pipe
        self._output_file = output_file
        self._key = secrets.token_urlsafe(24)
        output_file.touch()
        run = {
            "arguments": ["serve", *arguments, "--port", "0"],
            "output": str(output_file),
            "key": self._key,
        }
        assert pipe.stdin is not None
        pipe.stdin.write(json.dumps(run) + "\n")
        pipe.stdin.flush()
        self.pid = int(self._told())
        self._has_ended = False

    @property
    def output(self) -> str:
        return self._output_file.read_text()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"}

    @property
    def base_url(self) -> str:
        deadline = time.monotonic() + 30
        while not (first := self.output.partition("\n"))[1]:
            assert time.monotonic() < deadline, "it does not listen"
            time.sleep(0.002)
        assert _SERVING in first[0], self.output
        return "http://" + first[0].rpartition(_SERVING)[2]

    def kill(self) -> None:
        """End it as a crash would, `kill -9`, if it has not been ended so."""
        if not self._has_ended:
            self._has_ended = True
            os.kill(self.pid, signal.SIGKILL)
            assert self._told() == str(-signal.SIGKILL), self.output

    def _told(self) -> str:
        assert self._pipe.stdout is not None
        return self._pipe.stdout.readline().strip()


class ForkingCommand:
    """A process that has imported the command, and forks. One run at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def serve(self, *arguments: str | Path) -> ForkedEmulator:
        self._number += 1
        output_file = self._folder / f"output-{self._number}"
        return ForkedEmulator(self._process, output_file, list(map(str, arguments)))


def _fork_on_demand() -> None:
    """Run each line of standard input: print the process's id, and once it has ended, its exit code."""
    from async_inference.cli.main import main

    for line in sys.stdin:
        run = json.loads(line)
        child = os.fork()
        if child == 0:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDWR), sys.stdin.fileno())
            os.dup2(sys.stdin.fileno(), sys.stdout.fileno())
            os.dup2(os.open(run["output"], os.O_WRONLY | os.O_APPEND), sys.stderr.fileno())
            os.environ["BASETEN_API_KEY"] = run["key"]
            main(run["arguments"])
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    _fork_on_demand()
