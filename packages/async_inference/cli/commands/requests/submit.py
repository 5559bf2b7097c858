"""`truss-async submit`."""

import click

from async_inference.cli import display
from async_inference.cli.commands.results.wait import show_when_stored
from async_inference.cli.model_input import read_model_input
from async_inference.cli.options import (
    EXIT_CODES,
    json_option,
    outputs_options,
    service_options,
    timeout_option,
)
from async_inference.cli.request_options import RequestSettings, request_options
from async_inference.cli.result_store import Outputs
from async_inference.cli.service import Service


@click.command(epilog=EXIT_CODES)
@click.argument("model_input", metavar="[INPUT]", required=False)
@click.option("--file", metavar="PATH", help="Read the input from this file; '-' is stdin.")
@click.option("--example", is_flag=True, help="Use the example_model_input of the Truss's config.yaml.")
@request_options
@click.option("--wait", is_flag=True, help="Wait for the result and print it, as 'truss-async wait' does.")
@timeout_option
@outputs_options
@service_options
@json_option
def submit(
    model_input: str | None,
    file: str | None,
    example: bool,
    settings: RequestSettings,
    wait: bool,
    timeout: float,
    outputs: Outputs,
    service: Service,
    as_json: bool,
) -> None:
    """Queue a request, and print its id and the URL of its result.

    INPUT is JSON text, @FILE, or '-' for stdin.

    \b
    Examples:
      truss-async submit '{"prompt": "hello world!"}'
      truss-async submit @input.json --priority 2 --max-time-in-queue 3600
      truss-async submit --example --wait
    """
    request = settings.request(
        read_model_input(model_input, file=file, example_of=outputs.truss_dir if example else None)
    )
    outputs = outputs.of(service)
    outputs.result_url("any")  # raises before anything is queued, if the settings are wrong
    store = outputs.store() if wait else None
    with service.client() as client:
        request_id = client.submit(request)
        if store is not None:
            display.note(f"request {request_id} is queued")
            show_when_stored(request_id, store, client, timeout, as_json=as_json)
            return
    url = outputs.result_url(request_id)
    if as_json:
        display.show_json({"request_id": request_id, "result_url": url})
    else:
        display.show_fields(
            ("request_id", request_id),
            ("result", url or "not known: neither --outputs nor a Truss names the store"),
            ("next", f"truss-async {'wait' if url else 'status'} {request_id}"),
        )
