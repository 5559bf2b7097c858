"""Commands that help to prepare a model. When the wait for one is given up, the command is ended too."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """How a command ended, and what it printed where that was captured."""

    exit_code: int
    stdout: str
    stderr: str


async def run(
    *command: str,
    environ: Mapping[str, str] | None = None,
    stdout: IO[str] | int = asyncio.subprocess.PIPE,
    stderr: IO[str] | int | None = asyncio.subprocess.PIPE,
) -> Finished:
    """Run a command to its end. Standard input is empty; output is captured unless it is sent elsewhere."""
    process = await asyncio.create_subprocess_exec(
        *command, env=environ, stdin=asyncio.subprocess.DEVNULL, stdout=stdout, stderr=stderr
    )
    try:
        out, err = await process.communicate()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    return Finished(
        exit_code=await process.wait(),
        stdout=(out or b"").decode(errors="replace"),
        stderr=(err or b"").decode(errors="replace"),
    )
