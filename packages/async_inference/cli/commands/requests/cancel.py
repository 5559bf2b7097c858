"""`truss-async cancel`."""

import click

from async_inference.cli import display
from async_inference.cli.options import EXIT_CODES, json_option, service_options
from async_inference.cli.service import Service


@click.command(epilog=EXIT_CODES)
@click.argument("request_id")
@service_options
@json_option
def cancel(request_id: str, service: Service, as_json: bool) -> int:
    """Cancel a request that is still queued.

    A request that has started is not canceled: it runs to its end, and the exit code is 1.

    \b
    Example:
      truss-async cancel 35643965636d4c3da6f54b5c3b354aa0
    """
    with service.client() as client:
        answer = client.cancel(request_id)
    if as_json:
        display.show_json(answer)
    else:
        display.show_fields(
            ("request_id", answer.request_id),
            ("canceled", "yes" if answer.canceled else "no"),
            ("message", answer.message),
        )
    return 0 if answer.canceled else 1
