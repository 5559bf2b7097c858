"""The pipe through which a process and its children write their output."""

import asyncio
import os
from typing import Self


class OutputPipe:
    """A pipe that can be closed while others still hold its other end. `open` it; `close` it.

    asyncio's own pipes to a process end only with the last process that has inherited them.
    """

    def __init__(
        self, reader: asyncio.StreamReader, transport: asyncio.ReadTransport, write_end: int
    ) -> None:
        self._reader = reader
        self._transport = transport
        self.write_end = write_end

    @classmethod
    async def open(cls) -> Self:
        """Return a new pipe. `write_end` is for the process; close it here once the process has it."""
        read_end, write_end = os.pipe()
        reader = asyncio.StreamReader(limit=1)  # output that is not read stays in the pipe
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", 0)
        )
        return cls(reader, transport, write_end)

    async def read(self) -> bytes:
        """Wait for output, and return it; nothing is returned once every writer has ended."""
        return await self._reader.read(1_048_576)

    def close(self) -> None:
        """Read no more."""
        self._transport.close()
