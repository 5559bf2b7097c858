"""Download a stored result as files."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from async_inference.errors import InvalidSetting
from truss_outputs.keys import MARKER, request_folder
from truss_outputs.results.reader import OutputReader


def download_result(request_id: str, *, reader: OutputReader, to: Path) -> Iterator[Path]:
    """Write the result and every artifact into `to/<request_id>/`, and yield each file once it is complete.

    Each artifact is checked against the result while it is written, and appears whole or not at all.
    `result.json`, the stored document byte for byte, is written last: where it exists, all artifacts exist.
    Existing files are replaced, and nothing is written outside `to`.
    Raises the errors of `OutputReader.load` and `OutputReader.read`, InvalidSetting if the request's folder
    is a link, and OSError.
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
    """Write the chunks to `path`, replacing what is there; a link is replaced, not followed."""
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.unlink(missing_ok=True)
    try:
        with unfinished.open("xb") as file:
            file.writelines(chunks)
        return unfinished.replace(path)
    finally:
        with suppress(OSError):
            unfinished.unlink()
