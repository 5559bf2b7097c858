"""A stored result as files of one's own."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from async_inference.errors import InvalidSetting
from truss_outputs.keys import MARKER, request_folder
from truss_outputs.results.reader import OutputReader


def download_result(request_id: str, *, reader: OutputReader, to: Path) -> Iterator[Path]:
    """Put the result and every artifact into `to/<request_id>/`, and name each file when it is there.

    Each is checked against the result while it is written, and appears whole or not at all. `result.json`
    comes last, as in the store: where it stands, the rest stands too. Files that are there are replaced.
    Nothing is written outside `to`. `result.json` is the very document that is stored.
    Raises what `OutputReader.load` and `read` raise, and OSError.
    """
    document = reader.document(request_id)
    result = reader.parse(document, request_id)
    folder = to / request_folder(request_id)
    if folder.is_symlink():
        raise InvalidSetting(str(folder), "is a link, which may lead anywhere; remove it first")
    folder.mkdir(parents=True, exist_ok=True)
    for artifact in result.truss_outputs.artifacts:
        yield _write(folder / artifact.name, reader.stream(result, artifact))
    yield _write(folder / MARKER, iter([document]))


def _write(path: Path, chunks: Iterator[bytes]) -> Path:
    """The chunks in place of what was at `path`; a link there is replaced, not followed."""
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.unlink(missing_ok=True)
    try:
        with unfinished.open("xb") as file:
            file.writelines(chunks)
        return unfinished.replace(path)
    finally:
        with suppress(OSError):
            unfinished.unlink()
