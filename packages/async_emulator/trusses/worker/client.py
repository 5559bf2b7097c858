"""truss in a process of its own, as its import takes seconds and 100 MB.

The process starts with the first question and then stays until it is closed.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_LINE_LIMIT = 1_048_576
_END_SECONDS = 1.0
"""How long the killed process may take to end. Our choice."""


class TrussProcess:
    """Asks truss in another process. Needs a running event loop; `close` it."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def write_context(
        self, truss_dir: Path, context: Path, left_out: Sequence[str] | None = ()
    ) -> str | None:
        """Let truss write the build context of a Truss. Return the reason, in one line, if it refuses.

        The settings that are `left_out` of config.yaml are those of a Truss that does not have them; None:
        all are there, also those for which truss asks others.
        """
        answer = await self._ask(
            {"write_context": str(truss_dir), "to": str(context), "left_out": left_out and list(left_out)}
        )
        problem = answer.get("problem")
        return None if problem is None else str(problem)

    async def write_chain(
        self, chain_file: Path, target: Path, entrypoint: str | None = None, *, has_stubs: bool = False
    ) -> dict[str, Any]:
        """Let truss generate a chain's chainlets and write their contexts; see worker.chains.write_chain.

        `entrypoint` is the class of its entrypoint; None: the one that is marked. With `has_stubs`, what the
        chain's own files import need not be installed.

        The answer holds the reason, in one line, under `problem` where it failed.
        """
        return await self._ask(
            {
                "write_chain": str(chain_file),
                "to": str(target),
                "entrypoint": entrypoint,
                "has_stubs": has_stubs,
            }
        )

    async def close(self) -> None:
        """End the process, if there is one. The next question starts another."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            with suppress(TimeoutError):  # a process that the chain's own code has started may hold the pipe
                async with asyncio.timeout(_END_SECONDS):
                    await process.wait()

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        async with self._lock:  # one question at a time: truss works in one thread
            process = self._process or await self._start()
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("the process was started with pipes")
            try:
                process.stdin.write(json.dumps(question).encode() + b"\n")
                await process.stdin.drain()
                line = await process.stdout.readline()
            except BaseException:
                await self.close()  # a late answer must not be taken for the next one
                raise
            if not line:
                await self.close()
                return {"problem": "truss ended unexpectedly"}
            answer: dict[str, Any] = json.loads(line)
            return answer

    async def _start(self) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "async_emulator.trusses.worker.main"),
            env={
                **os.environ,
                "PATH": os.pathsep.join((sys.exec_prefix + "/bin", os.environ.get("PATH", ""))),
            },
            stdin=asyncio.subprocess.PIPE,  # its end of file tells the process that we have ended
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LINE_LIMIT,
        )
        return self._process
