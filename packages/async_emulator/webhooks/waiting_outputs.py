"""Outputs that wait until their receiver has a place for them.

A few wait in memory, all others on disk. The dispatcher could pause instead, but then one slow receiver would
hold up the requests of all others. The files have no name and belong to this user alone (0600): the system
frees them when this process ends, in whatever way, so that a crash leaves no output behind.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

_MOST_IN_MEMORY = 32 * 1024 * 1024
"""Bytes of outputs that wait in memory. Our choice."""
_FILE_BYTES = 256 * 1024 * 1024
"""Bytes of a file, unless one output has more. A file is freed once none of its outputs waits: small files
free the disk sooner, large ones need fewer of this process's descriptors. Our choice."""


class WaitingOutput(Protocol):
    """An output that waits."""

    def take(self) -> bytes:
        """Return the output, and keep it no longer. Only once. Raises OSError where the disk fails."""
        ...

    def drop(self) -> None:
        """Keep the output no longer. Does nothing if it was taken."""
        ...


class WaitingOutputs:
    """Keeps outputs until they are taken, on disk in `folder`: not in /tmp, which is often memory.

    The event loop reads and writes the disk: this takes less time than parsing the same output does. Where
    the disk is full, an output waits in memory, so that none is lost.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        most_in_memory: int = _MOST_IN_MEMORY,
        file_bytes: int = _FILE_BYTES,
    ) -> None:
        self._folder = folder
        self._most_in_memory = most_in_memory
        self._file_bytes = file_bytes
        self._files: list[_OutputFile] = []
        self.bytes_in_memory = 0

    @property
    def files(self) -> int:
        """The number of files in which outputs wait."""
        return len(self._files)

    def put(self, output: bytes) -> WaitingOutput:
        """Keep `output`."""
        if self.bytes_in_memory + len(output) > self._most_in_memory:
            with suppress(OSError):  # the disk is full
                return self._write(output)
        return _InMemory(self, output)

    def _write(self, output: bytes) -> WaitingOutput:
        file = self._files[-1] if self._files else None
        if file is None or file.size + len(output) > self._file_bytes:
            file = _OutputFile(self._folder)
            self._files.append(file)
        try:
            return _OnDisk(self, file, file.append(output), len(output))
        finally:
            self.close_unused(file)

    def close_unused(self, file: "_OutputFile") -> None:
        """Erase a file in which nothing waits."""
        if not file.waiting:
            self._files.remove(file)
            file.close()


class _InMemory:
    """See WaitingOutput."""

    def __init__(self, outputs: WaitingOutputs, output: bytes) -> None:
        self._output: bytes | None = output
        self._outputs = outputs
        outputs.bytes_in_memory += len(output)

    def take(self) -> bytes:
        if (output := self._output) is None:
            raise RuntimeError("an output is taken only once")
        self.drop()
        return output

    def drop(self) -> None:
        output, self._output = self._output, None
        self._outputs.bytes_in_memory -= len(output or b"")


class _OnDisk:
    """See WaitingOutput."""

    def __init__(self, outputs: WaitingOutputs, file: "_OutputFile", offset: int, size: int) -> None:
        self._outputs = outputs
        self._file: _OutputFile | None = file
        self._offset = offset
        self._size = size
        file.waiting += 1

    def take(self) -> bytes:
        if self._file is None:
            raise RuntimeError("an output is taken only once")
        try:
            return self._file.read(self._offset, self._size)
        finally:
            self.drop()

    def drop(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.waiting -= 1
            self._outputs.close_unused(file)


class _OutputFile:
    """A file without a name. `size` is its bytes, and `waiting` the number of outputs that wait in it."""

    def __init__(self, folder: Path | None) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # open while outputs wait
        self.size = 0
        self.waiting = 0

    def append(self, output: bytes) -> int:
        """Write `output`, and return where it begins."""
        start, rest, end = self.size, memoryview(output), self.size
        while rest:
            written = os.pwrite(self._file.fileno(), rest, end)
            rest, end = rest[written:], end + written
        self.size = end
        return start

    def read(self, offset: int, size: int) -> bytes:
        """Read what was written. Raises OSError."""
        output = bytearray()
        while len(output) < size:
            piece = os.pread(self._file.fileno(), size - len(output), offset + len(output))
            if not piece:
                raise OSError("the file has become shorter")
            output += piece
        return bytes(output)

    def close(self) -> None:
        """Erase the file."""
        self._file.close()
