"""truss, in a process of its own: it takes seconds to import, and 100 MB.

The process is started when it is first needed and stays for what comes next, until it is closed.
"""

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

_LINE_LIMIT = 1_048_576


class TrussProcess:
    """Asks truss. Needs a running event loop; `close` it."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def write_context(self, truss_dir: Path, context: Path) -> str | None:
        """Let truss write the build context of a Truss; one line that says why it refused, if it did."""
        answer = await self._ask({"write_context": str(truss_dir), "to": str(context)})
        problem = answer.get("problem")
        return None if problem is None else str(problem)

    async def write_chain(self, chain_file: Path, target: Path) -> dict[str, Any]:
        """Let truss generate a chain's chainlets and write their contexts; see chain_worker.write_chain.

        Under `problem` stands one line that says why it could not.
        """
        return await self._ask({"write_chain": str(chain_file), "to": str(target)})

    async def close(self) -> None:
        """End the process, if there is one. It is started again when it is needed again."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _ask(self, question: dict[str, str]) -> dict[str, Any]:
        async with self._lock:  # one after the other: truss works in one thread
            process = self._process or await self._start()
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("the process was started with pipes")
            try:
                process.stdin.write(json.dumps(question).encode() + b"\n")
                await process.stdin.drain()
                line = await process.stdout.readline()
            except BaseException:
                await self.close()  # whatever it still says is the answer to nothing
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
            stdin=asyncio.subprocess.PIPE,  # its end tells the process that we are gone
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LINE_LIMIT,
        )
        return self._process
