"""`truss-async serve` as a child process, for tests, demos and benchmarks.

with EmulatorProcess("path/to/truss") as emulator:
    emulator.wait_until_ready()
    httpx.post(f"{emulator.base_url}/production/async_predict", headers=emulator.headers, ...)
"""

import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from async_emulator.errors import EmulatorError
from async_emulator.testing.emulator_control import EmulatorControl

_BASE_URL = re.compile(r"^serving .* on (http://\S+)$")
_READY = re.compile(r"^(ready): ")


class EmulatorEnded(EmulatorError):
    """The emulator ended, or did not print the expected line in time. The message has all its output."""


class EmulatorProcess:
    """A running emulator with its own port and its own API key.

    `arguments` are further arguments of `truss-async serve`; `environ` is added to this environment;
    `on_line` takes each line that the emulator prints.
    """

    def __init__(
        self,
        truss_dir: Path | str,
        *arguments: str | Path,
        environ: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.api_key = secrets.token_urlsafe(24)
        self.lines: list[str] = []
        self._on_line = on_line
        self._control: EmulatorControl | None = None
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "async_inference.cli", "serve", truss_dir, "--port", "0", *arguments],
            env={**os.environ, **(environ or {}), "BASETEN_API_KEY": self.api_key},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a Ctrl-C reaches only this process, which ends the emulator in order
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def output(self) -> str:
        """All lines that the emulator has printed."""
        return "\n".join(self.lines)

    @property
    def base_url(self) -> str:
        """Its url, on which it listens from the start, also while the model is being built."""
        return self._wait_for(_BASE_URL, seconds=30.0)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a caller must send."""
        return {"Authorization": f"Bearer {self.api_key}"}

    @property
    def control(self) -> EmulatorControl:
        """Its control path; it must be started with `--control`."""
        if self._control is None:
            self._control = EmulatorControl(self.base_url, self.headers)
        return self._control

    def wait_until_ready(self, seconds: float = 300.0) -> None:
        """Wait until the model can predict; long enough by default to install its requirements.

        Raises EmulatorEnded.
        """
        self._wait_for(_READY, seconds)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 20.0) -> int:
        """End it in order, as Ctrl-C or a signal does; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self._ended()

    def kill(self) -> None:
        """Kill it as a crash would, with `kill -9`."""
        self.process.kill()
        self._ended()

    def wait(self, seconds: float) -> int:
        """Wait for it to end by itself; return its exit code. Raises subprocess.TimeoutExpired."""
        self.process.wait(seconds)
        return self._ended()

    def _ended(self) -> int:
        if self._control is not None:
            self._control.close()
        code = self.process.wait()
        self._reader.join()
        return code

    def _read(self) -> None:
        if self.process.stderr is None:
            return
        with self.process.stderr as stream:
            for line in stream:
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
                self._on_line(line.rstrip("\n"))
        with self._changed:
            self._changed.notify_all()

    def _wait_for(self, pattern: re.Pattern[str], seconds: float) -> str:
        def found() -> re.Match[str] | None:
            return next(filter(None, map(pattern.search, self.lines)), None)

        with self._changed:
            self._changed.wait_for(lambda: found() or not self._reader.is_alive(), timeout=seconds)
            match = found()
        if match is None:
            raise EmulatorEnded(f"no line like {pattern.pattern!r} in:\n{self.output}")
        return match.group(1)
