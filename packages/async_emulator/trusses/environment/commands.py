"""Runs other programs to their end."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

_END_SECONDS = 1.0
"""How long a killed command may take to end. Our choice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """The exit code of a command, and its output where that was captured."""

    exit_code: int
    stdout: str
    stderr: str


async def run(
    *command: str,
    environ: Mapping[str, str] | None = None,
    stdout: IO[str] | int = asyncio.subprocess.PIPE,
    stderr: IO[str] | int | None = asyncio.subprocess.PIPE,
) -> Finished:
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
    return Finished(
        exit_code=await process.wait(),
        stdout=(out or b"").decode(errors="replace"),
        stderr=(err or b"").decode(errors="replace"),
    )
