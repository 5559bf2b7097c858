"""The output of a real process, through a pipe, as lines of the log."""

import asyncio
import os
import sys

from async_emulator.replicas.model_log import ModelLog
from async_emulator.replicas.output_pipe import OutputPipe
from async_emulator.replicas.replica import Replica

FLOOD = "import sys\nfor _ in range(80): sys.stdout.write(('x' * 99 + '\\n') * 1_000)"


async def test_a_flood_of_lines_is_read_as_it_is_written():
    output = await OutputPipe.open()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-c", FLOOD), stdout=output.write_end, start_new_session=True
    )
    os.close(output.write_end)
    lines: list[str] = []
    replica = Replica(process, output, ModelLog(lines.extend))
    async with asyncio.timeout(2):  # 8 MB; at one pipe of 64 kB every 20 ms it would take 2.6 s
        await replica.ended()
    await replica.stop()
    assert lines == [f"model | {'x' * 99}"] * 80_000
