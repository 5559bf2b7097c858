"""`truss-async status`."""

import click

from async_inference.cli import display
from async_inference.cli.error_records import ErrorRecord, read_error_records
from async_inference.cli.options import EXIT_CODES, json_option, outputs_options, service_options
from async_inference.cli.result_store import Outputs
from async_inference.cli.service import Service


@click.command(epilog=EXIT_CODES)
@click.argument("request_id")
@outputs_options
@service_options
@json_option
def status(request_id: str, outputs: Outputs, service: Service, as_json: bool) -> None:
    """Show the status of a request, and of a failed one the reasons that its attempts stored.

    The reasons are read from the store that --outputs or the Truss names, if one does; with --json they stand
    under "records".

    The service forgets a request an hour after its end. The exit code is 0 whatever the status is.

    \b
    Example:
      truss-async status 35643965636d4c3da6f54b5c3b354aa0
    """
    with service.client() as client:
        found = client.status(request_id)
    records = _records(request_id, outputs.of(service)) if found.status == "FAILED" else []
    if as_json:
        answer = found.model_dump(mode="json", exclude_unset=True)
        display.show_json({**answer, "records": [each.as_json() for each in records]} if records else found)
    else:
        display.show_status(found, records)


def _records(request_id: str, outputs: Outputs) -> list[ErrorRecord]:
    """Read the request's error records. A store that cannot be read is only noted: the status is known."""
    from truss_outputs.errors import OutputError

    try:
        if outputs.settings() is None:
            return []
        return read_error_records(outputs.store(), request_id)
    except (OutputError, click.UsageError) as error:
        display.note(f"the stored reasons cannot be read: {' '.join(str(error).split())}")
        return []
