"""`truss-async fetch`."""

from pathlib import Path

import click

from async_inference.cli import display
from async_inference.cli.error_records import recorded_failures
from async_inference.cli.options import (
    EXIT_CODES,
    deployment_options,
    json_option,
    outputs_options,
)
from async_inference.cli.result_store import Outputs


@click.command(short_help="Download a stored result and its artifacts.", epilog=EXIT_CODES)
@click.argument("request_id")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help="The folder in which the request's own is made.",
)
@outputs_options
@deployment_options
@json_option
def fetch(request_id: str, to: Path, outputs: Outputs, as_json: bool) -> None:
    """Download a stored result and its artifacts into DIRECTORY/REQUEST_ID/.

    Every file is checked against its checksum. Where the request failed, the reason that its last attempt
    stored is shown, and the exit code is 1. Only the store is read, so no API key is needed.

    \b
    Example:
      truss-async fetch 35643965636d4c3da6f54b5c3b354aa0 --to results
    """
    from async_inference.download import download_result
    from truss_outputs.results.reader import OutputReader

    store = outputs.store()
    reader = OutputReader(store)
    files = []
    with (
        recorded_failures(store, request_id),
        display.progress(f"{request_id}: fetching from {reader.url(request_id)}") as show,
    ):
        for file in download_result(request_id, reader=reader, to=to):
            files.append(file)
            show(f"{request_id}: fetched {file.name}")
    if as_json:
        display.show_json({"request_id": request_id, "files": [str(file) for file in files]})
    else:
        display.show_fields(*((str(file), f"{file.stat().st_size:,} bytes") for file in files))
