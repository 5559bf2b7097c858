"""`truss-async status`."""

import click

from async_inference.cli import display
from async_inference.cli.options import EXIT_CODES, json_option, service_options
from async_inference.cli.service import Service


@click.command(epilog=EXIT_CODES)
@click.argument("request_id")
@service_options
@json_option
def status(request_id: str, service: Service, as_json: bool) -> None:
    """Show the status of a request.

    The service forgets a request an hour after its end. The exit code is 0 whatever the status is.

    \b
    Example:
      truss-async status 35643965636d4c3da6f54b5c3b354aa0
    """
    with service.client() as client:
        found = client.status(request_id)
    if as_json:
        display.show_json(found)
    else:
        display.show_status(found)
